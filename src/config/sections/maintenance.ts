import * as z from 'zod';
import { choice, duration, flag, integer, number, ratio, size } from '../leaves.ts';
import { maintenanceWindows } from '../maintenance-window.ts';

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

function policyMode(what: string) {
  const about = `Whether ${what}: \`off\`, \`plan\` (only publish it) or \`auto\`.`;
  return choice(about, ['off', 'plan', 'auto']).prefault('auto');
}

function coolDown(fallback: string) {
  const about = 'How long after the last one the next may begin. Requests of people do not wait.';
  return duration(about, 0, 30 * dayMs).prefault(fallback);
}

const compactionSection = z
  .strictObject({
    mode: policyMode('history is compacted'),
    keep: duration('Revisions younger than this stay.', minuteMs, 30 * dayMs).prefault('1h'),
    keepRevisions: integer('So many of the newest revisions stay in any case.', 0, 1_000_000_000).prefault(10_000),
    minRevisions: integer('Fewer revisions than this are not worth a compaction.', 1, 1_000_000_000).prefault(1000),
    coolDown: coolDown('1h'),
  })
  .meta({ description: 'Compaction of history. It holds where somebody compacts already.' })
  .transform(({ keep, coolDown: wait, ...rest }) => ({ ...rest, keepMs: keep, coolDownMs: wait }));

const defragSection = z
  .strictObject({
    mode: policyMode('databases are defragmented'),
    minReclaimable: size('A database with less to give back is left alone.', 64 * 2 ** 10, 2 ** 40).prefault('100MiB'),
    minReclaimableRatio: ratio('So is one with a smaller share of free pages.', 0.01, 0.99).prefault(0.45),
    quotaPressureRatio: ratio('Above this share of the quota half of these two is enough.', 0.1).prefault(0.8),
    coolDown: coolDown('6h'),
    maxPause: duration('A longer predicted pause of one member waits for a window.', 100, hourMs).prefault('10s'),
    settle: duration('How long the cluster must be calm before the next member.', 0, hourMs).prefault('30s'),
    withoutSpare: flag(
      'Consent to the outage of a cluster of one or two voters, which has none to spare. Under NOSPACE it is not asked for.',
    ).prefault(false),
  })
  .meta({ description: 'Defragmentation, one member after the other.' })
  .transform(({ minReclaimable, coolDown: wait, maxPause, settle, ...rest }) => ({
    ...rest,
    minReclaimableBytes: minReclaimable,
    coolDownMs: wait,
    maxPauseMs: maxPause,
    settleMs: settle,
  }));

const nospaceSection = z
  .strictObject({
    mode: policyMode('a cluster that refuses writes is brought back'),
    compactOlderThan: duration(
      'Revisions older than this are compacted then. Whoever watches from further back has to read anew.',
      secondMs,
      30 * dayMs,
    ).prefault('10m'),
    disarmBelow: ratio(
      'All members must be below this share of their quota before the alarm is taken back.',
      0.1,
      0.95,
    ).prefault(0.8),
  })
  .meta({ description: 'Recovery from NOSPACE.' })
  .transform(({ compactOlderThan, disarmBelow, mode }) => ({
    mode,
    compactOlderThanMs: compactOlderThan,
    disarmBelowRatio: disarmBelow,
  }));

const moveLeaderSection = z
  .strictObject({
    mode: policyMode('the raft leadership moves off a member that is clearly the slowest'),
    factor: number('How many times slower than the median of the others it must be.', 1.5, 1000).prefault(4),
    minFsync: duration('A WAL fsync p99 below this is fast enough.', 1, minuteMs).prefault('25ms'),
    minRtt: duration('Round trips below this are short enough.', 1, minuteMs).prefault('50ms'),
    rounds: integer('In how many rounds of observation in a row.', 1, 1000).prefault(6),
    coolDown: coolDown('1h'),
  })
  .meta({ description: 'Moving the raft leader off a slow disk or link.' })
  .transform(({ minFsync, minRtt, coolDown: wait, ...rest }) => ({
    ...rest,
    minFsyncMs: minFsync,
    minRttMs: minRtt,
    coolDownMs: wait,
  }));

const hashCheckSection = z
  .strictObject({
    mode: policyMode('the hashes of the members are compared'),
    every: duration('How often.', hourMs, 365 * dayMs).prefault('24h'),
    maxStall: duration(
      'Writes through a member stall while its hash is made: a longer predicted stall waits for a window.',
      10,
      hourMs,
    ).prefault('1s'),
  })
  .meta({ description: 'Comparison of the hashes of all members.' })
  .transform(({ every, maxStall, mode }) => ({ mode, everyMs: every, maxStallMs: maxStall }));

const restartSection = z
  .strictObject({
    mode: policyMode(
      'members are started again whose CA files have changed since etcd started, which reads them only then',
    ),
    withoutSpare: flag(
      'Consent to the outage of a cluster of one or two voters while one of them is started again, also for an upgrade.',
    ).prefault(false),
  })
  .meta({ description: 'Restarts and upgrades, one member after the other.' });

/** What the agents do to the cluster, and when. */
export const maintenanceSection = z
  .strictObject({
    windows: maintenanceWindows(
      'When maintenance that can be felt may be done. None: what fits its limits is done at any time, what does not is not done.',
    ).prefault([]),
    operationsPerDay: integer(
      'Operations in 24 hours; those of people and the recovery from NOSPACE do not count. The last 50 are remembered.',
      0,
      50,
    ).prefault(48),
    armAfter: duration(
      'How long every voter must have had an agent and health before the agents act for the first time; 0s: at once.',
      0,
      30 * dayMs,
    ).prefault('30m'),
    breakerFailures: integer(
      'Failures of one policy in a row after which it waits for `etcd-caretaker resume`.',
      1,
      100,
    ).prefault(3),
    compaction: compactionSection.prefault({}),
    defrag: defragSection.prefault({}),
    nospace: nospaceSection.prefault({}),
    moveLeader: moveLeaderSection.prefault({}),
    hashCheck: hashCheckSection.prefault({}),
    restart: restartSection.prefault({}),
  })
  .meta({ description: 'What the agents do to the cluster by themselves, and when: see docs/acting.md.' })
  .transform(({ armAfter, ...rest }) => ({ ...rest, armAfterMs: armAfter }));
