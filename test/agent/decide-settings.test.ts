import { expect, it } from 'vitest';
import { decideSettings } from '../../src/agent/decide-settings.ts';
import { load, minimal } from '../config/loading.ts';

it('the policies get what the configuration says, each value in its place', async () => {
  const yaml = `${minimal}mode: plan
cluster: {kubernetes: v1.33.4}
maintenance:
  windows: [0 2 * * * for 2h]
  operationsPerDay: 11
  armAfter: 12s
  breakerFailures: 13
  compaction: {mode: plan, keep: 14m, keepRevisions: 15, minRevisions: 16, coolDown: 17s}
  defrag: {mode: auto, minReclaimable: 18MiB, minReclaimableRatio: 0.19, quotaPressureRatio: 0.2, coolDown: 21s, maxPause: 22s, settle: 23s, withoutSpare: true}
  nospace: {mode: off, compactOlderThan: 24m, disarmBelow: 0.25}
  moveLeader: {mode: plan, factor: 2.6, minFsync: 27ms, minRtt: 28ms, rounds: 29, coolDown: 30s}
  hashCheck: {mode: off, every: 31h, maxStall: 32s}
  restart: {mode: plan, withoutSpare: true}
backup:
  store: [file:///a, file:///b]
  full: {mode: plan, schedule: 1 2 * * *}
  drill: {mode: off, schedule: 3 4 * * * in Europe/Berlin}
heal: {mode: plan, replaceAfter: 33s, maxPerDay: 34, withoutBackup: true}
`;
  expect(decideSettings((await load({ yaml })).config)).toEqual({
    mode: 'plan',
    kubernetesMinor: 33,
    policies: {
      nospace: 'off',
      replace: 'plan',
      release: 'plan',
      join: 'plan',
      leave: 'plan',
      'member-update': 'plan',
      restart: 'plan',
      upgrade: 'plan',
      rollout: 'plan',
      compaction: 'plan',
      defrag: 'auto',
      'move-leader': 'plan',
      'hash-check': 'off',
      snapshot: 'plan',
      drill: 'off',
    },
    windows: [{ start: '0 2 * * *', durationMs: 7_200_000, timezone: 'UTC', text: '0 2 * * * for 2h' }],
    operationsPerDay: 11,
    settleMs: 23_000,
    armAfterMs: 12_000,
    breakerFailures: 13,
    compaction: { keepMs: 14 * 60_000, keepRevisions: 15, minRevisions: 16, coolDownMs: 17_000 },
    defrag: {
      minReclaimableBytes: 18 * 2 ** 20,
      minReclaimableRatio: 0.19,
      quotaPressureRatio: 0.2,
      coolDownMs: 21_000,
      maxPauseMs: 22_000,
      withoutSpare: true,
    },
    nospace: { compactOlderThanMs: 24 * 60_000, disarmBelowRatio: 0.25 },
    moveLeader: { factor: 2.6, minFsyncMs: 27, minRttMs: 28, rounds: 29, coolDownMs: 30_000 },
    restart: { withoutSpare: true },
    hashCheck: { everyMs: 31 * 3_600_000, maxStallMs: 32_000 },
    backups: {
      stores: 2,
      fullSchedule: { crontab: '1 2 * * *', timezone: 'UTC', text: '1 2 * * *' },
      drillSchedule: { crontab: '3 4 * * *', timezone: 'Europe/Berlin', text: '3 4 * * * in Europe/Berlin' },
    },
    heal: { replaceAfterMs: 33_000, maxPerDay: 34, withoutBackup: true },
  });
});
