import { autoCompactionOf } from '../../cluster/auto-compaction.ts';
import type { Cause } from '../../cluster/diagnosis.ts';
import { median } from '../../cluster/median.ts';
import { formatBytes, formatCount, formatLatency } from '../../cluster/units.ts';
import { leastRecommended } from '../../cluster/version-hazards.ts';
import { lastingRttSeconds } from './network.ts';
import { shareAbove } from './samples.ts';
import { raftTimes } from './settings-of.ts';
import { probeOf } from './symptoms.ts';
import { mostly, type Window } from './window.ts';

/** Etcd's tuning guide: an election timeout of at least ten round trips. */
const leastRttsPerElection = 10;

/**
 * A follower answers a heartbeat after it has written down what came before it: so many fsyncs have to fit into the election timeout. Etcd's tuning
 * guide has no number for it; with fewer, one write that waits for another is an election.
 */
const leastFsyncsPerElection = 5;

/** Slow in so many of all probes since the agent started, of which there are at least so many: the disk is so, and nothing has happened to it. */
const lastingShare = 0.5;
const leastProbes = 300;

/** Etcd warns at its start of a quota above this. */
const largestQuotaBytes = 8 * 1024 ** 3;

/** Revisions that nobody has compacted: with objects of 1 KB as many as a quota of 2 GiB holds. */
const manyRevisions = 2_000_000n;

/** Settings that do not fit what was measured, and versions that nobody should run. */
export function configurationCauses(window: Window): readonly Cause[] {
  return [...electionTimeout(window), ...quotaSetting(window), ...autoCompaction(window), ...version(window)];
}

function electionTimeout(window: Window): readonly Cause[] {
  return [...electionByRtt(window), ...electionByFsync(window)].slice(0, 1);
}

function electionByFsync(window: Window): readonly Cause[] {
  const { heartbeatMs, electionMs } = raftTimes(window.newest);
  const limitSeconds = electionMs / 1000 / leastFsyncsPerElection;
  const fsyncs = window.values(({ values }) => values.wal?.walFsyncP99Seconds);
  const latency = probeOf(window.newest.values)?.latency;
  const isLasting =
    latency !== undefined && latency.count >= leastProbes && shareAbove(latency, limitSeconds) >= lastingShare;
  if (!isLasting || !mostly(fsyncs, (seconds) => seconds >= limitSeconds)) return [];
  const fsyncSeconds = median(fsyncs) ?? 0;
  const wanted = Math.ceil((leastFsyncsPerElection * fsyncSeconds * 1000) / 100) * 100;
  return [
    {
      verdict: 'election-timeout-short',
      member: window.newest.member,
      confidence: 'likely',
      evidence: [
        `an fsync of the WAL takes ${formatLatency(fsyncSeconds)} (p99), and most of the agent's own writes took longer than ${formatLatency(limitSeconds)} since it started`,
        `the heartbeat is ${heartbeatMs} ms, the election timeout ${electionMs} ms: ${leastFsyncsPerElection} fsyncs do not fit into it`,
      ],
      firstStep: `Give the WAL a faster disk. Where there is none, set --election-timeout=${wanted} or more, the same on all members, one member at a time.`,
    },
  ];
}

function electionByRtt(window: Window): readonly Cause[] {
  const rtt = lastingRttSeconds(window);
  const { heartbeatMs, electionMs } = raftTimes(window.newest);
  if (rtt === undefined || (electionMs >= leastRttsPerElection * rtt * 1000 && heartbeatMs >= rtt * 1000)) return [];
  const wanted = Math.ceil((rtt * 1000) / 10) * 10;
  return [
    {
      verdict: 'election-timeout-short',
      member: window.newest.member,
      confidence: 'likely',
      evidence: [
        `a round trip to a peer takes ${formatLatency(rtt)}, and hardly any was faster since the agent started`,
        `the heartbeat is ${heartbeatMs} ms, the election timeout ${electionMs} ms`,
      ],
      firstStep: `Set --heartbeat-interval=${wanted} and --election-timeout=${wanted * 10} or more, the same on all members, one member at a time.`,
    },
  ];
}

function quotaSetting({ newest: { member, values } }: Window): readonly Cause[] {
  const { quotaBytes, quotaSource } = values.quota ?? {};
  const isOff = quotaSource === 'disabled';
  if (!isOff && (quotaBytes ?? 0) <= largestQuotaBytes) return [];
  return [
    {
      verdict: 'quota-setting-unfit',
      member,
      confidence: 'certain',
      evidence: [
        isOff
          ? '--quota-backend-bytes is negative: nothing keeps the database from filling the disk'
          : `the quota is ${formatBytes(quotaBytes ?? 0)}; etcd is made for up to ${formatBytes(largestQuotaBytes)}`,
      ],
      firstStep:
        'Set --quota-backend-bytes to what the database needs, at most 8 GiB and well below the size of the disk.',
    },
  ];
}

function autoCompaction({ newest: { values } }: Window): readonly Cause[] {
  const { process, wal, member } = values;
  if (process === undefined || process.settingsIncomplete === true || wal?.compactRevision === undefined) return [];
  const kept = (member?.status.revision ?? 0n) - wal.compactRevision;
  if (autoCompactionOf(process.settings) !== undefined || kept < manyRevisions) return [];
  return [
    {
      verdict: 'auto-compaction-off',
      confidence: 'likely',
      evidence: [
        `${formatCount(kept)} revisions are kept, and etcd does not compact by itself (--auto-compaction-retention)`,
      ],
      firstStep: 'Set --auto-compaction-retention=1h, or let the agents compact (maintenance.compaction.mode: auto).',
    },
  ];
}

function version({ newest: { member, values } }: Window): readonly Cause[] {
  const running = values.member?.status.version;
  const least = running === undefined ? undefined : leastRecommended(running);
  if (running === undefined || least === undefined) return [];
  return [
    {
      verdict: 'version-hazard',
      member,
      confidence: 'certain',
      evidence: [`etcd ${running} runs; ${least.because} [${least.source}]`],
      firstStep: `Upgrade to the newest ${least.version.split('.').slice(0, 2).join('.')}, ${least.version} at least, one member at a time, after a backup.`,
    },
  ];
}
