import { describe, expect, it } from 'vitest';
import type { ClusterState, MemberState } from '../../src/cluster/state.ts';
import { decide } from '../../src/decide/decide.ts';
import { drillPolicy } from '../../src/decide/drill.ts';
import type { Asked } from '../../src/decide/policy.ts';
import type { DecideSettings } from '../../src/decide/settings.ts';
import { snapshotPolicy } from '../../src/decide/snapshot.ts';
import { entry, HOUR_MS, MINUTE_MS, member, NOW_MS, settings, state } from './states.ts';

const alice: Asked = { by: 'alice' };
/** The last one was made so long ago; at noon, 8 h 17 min have passed since the drill of the night was due. */
const drilledAgo = (agoMs: number, more: Parameters<typeof entry>[1] = {}): ClusterState =>
  state(undefined, { history: [entry('drill', { endedAtMs: NOW_MS - agoMs, ...more })] });
const of = (members: readonly MemberState[]): ClusterState => state(members, { history: [] });
const stores = (count: number): DecideSettings => ({ ...settings, backups: { ...settings.backups, stores: count } });
const failed = { outcome: 'failed', code: 'DRILL_DIFFERS', summary: 'They differ.' } as const;
const hashesOnly = { outcome: 'stopped', code: 'DRILL_HASHES_ONLY', summary: 'No identity.' } as const;
const noRoom = { outcome: 'stopped', code: 'DRILL_NO_ROOM', summary: 'No room.' } as const;
const others = (more: Partial<MemberState>): readonly MemberState[] => [member(1), member(2, more), member(3, more)];

function text(decided: ReturnType<typeof drillPolicy>): string {
  const { decision, reasons, action, page } = decided;
  return [decision, ...reasons.map(({ code }) => code), ...(action?.targets ?? []), ...(page ? ['page'] : [])].join(
    ' ',
  );
}

describe('the drill', () => {
  it.each<[string, ClusterState, DecideSettings, Asked | undefined, string]>([
    ['acts once its time has come since the last', drilledAgo(9 * HOUR_MS), settings, undefined, 'act DRILL_DUE 2 3'],
    ['holds until its time comes', drilledAgo(8 * HOUR_MS), settings, undefined, 'hold NOT_DUE'],
    [
      'waits for its time where there never was one',
      state(undefined, { history: [], armed: { atMs: NOW_MS - HOUR_MS, epoch: 1n, members: [] } }),
      settings,
      undefined,
      'hold NOT_DUE',
    ],
    ['acts at once where a person asks', drilledAgo(MINUTE_MS), settings, alice, 'act REQUESTED DRILL_DUE 2 3'],
    [
      'takes the member that a person names, the raft leader too',
      drilledAgo(MINUTE_MS),
      settings,
      { ...alice, target: '1' },
      'act REQUESTED DRILL_DUE 1',
    ],
    [
      'knows no member that is not there',
      drilledAgo(MINUTE_MS),
      settings,
      { ...alice, target: '9' },
      'hold TARGET_UNKNOWN',
    ],
    ['holds without a store', drilledAgo(9 * HOUR_MS), stores(0), alice, 'hold NO_STORE'],
    [
      'pages while the last one has failed',
      drilledAgo(HOUR_MS - 1, failed),
      settings,
      undefined,
      'hold DRILL_FAILED NOT_DUE page',
    ],
    [
      'is made again an hour after one that failed',
      drilledAgo(HOUR_MS, failed),
      settings,
      undefined,
      'act DRILL_DUE 2 3',
    ],
    [
      'is not made again before its time where no machine had room',
      drilledAgo(2 * HOUR_MS, noRoom),
      settings,
      undefined,
      'hold NOT_DUE',
    ],
    [
      'nor where it was encrypted and there was no identity',
      drilledAgo(2 * HOUR_MS, hashesOnly),
      settings,
      undefined,
      'hold NOT_DUE',
    ],
    [
      'is made beside the only member there is',
      state([member(1)], { history: [] }),
      settings,
      alice,
      'act REQUESTED DRILL_DUE 1',
    ],
    [
      'leaves a follower out that lags',
      of([member(1), member(2, { lagEntries: 5000n }), member(3)]),
      settings,
      alice,
      'act REQUESTED DRILL_DUE 3',
    ],
    [
      'leaves one out without an agent',
      of([member(1), { ...member(2), agent: undefined } as unknown as MemberState, member(3)]),
      settings,
      alice,
      'act REQUESTED DRILL_DUE 3',
    ],
    [
      'holds where no follower is fit, rather than have the raft leader stand still',
      of(others({ healthy: false })),
      settings,
      alice,
      'hold VOTER_UNHEALTHY VOTER_UNHEALTHY',
    ],
    [
      'holds under NOSPACE',
      state(undefined, { history: [], alarms: [{ memberId: '2', member: 'm2', alarm: 'NOSPACE' }] }),
      settings,
      alice,
      'hold NOSPACE_ALARM',
    ],
  ])('%s', (_, from, using, asked, expected) => {
    expect(text(drillPolicy(from, using, asked))).toBe(expected);
  });

  it('gives each store its turn', () => {
    const from = (store: number): unknown =>
      drillPolicy(drilledAgo(9 * HOUR_MS, { figures: { store } }), stores(3)).action?.parameters['store'];
    expect([from(0), from(1), from(2)]).toEqual([1, 2, 0]);
  });

  it('takes nothing from the budget of a day, and waits for none', () => {
    const history = Array.from({ length: 24 }, () => entry('compaction', { endedAtMs: NOW_MS - HOUR_MS }));
    const { decisions } = decide(state(undefined, { history, requests: [] }), settings);
    const due = { ...state(undefined, { history: [...history, entry('drill', { endedAtMs: NOW_MS - 9 * HOUR_MS })] }) };
    expect(decide(due, settings).decisions.find(({ policy }) => policy === 'drill')?.decision).toBe('act');
    expect(decisions.find(({ policy }) => policy === 'hash-check')?.reasons[0].code).toBe('BUDGET_SPENT');
  });
});

describe('the snapshot on demand', () => {
  it('is taken only for a person: the schedule has its own', () => {
    expect(text(snapshotPolicy(state(), settings))).toBe('hold BY_SCHEDULE');
    expect(text(snapshotPolicy(state(), settings, alice))).toBe('act REQUESTED SNAPSHOT_DUE');
    expect(text(snapshotPolicy(state(), settings, { ...alice, target: '1' }))).toBe('hold TARGET_UNKNOWN');
    expect(text(snapshotPolicy(state(), stores(0), alice))).toBe('hold NO_STORE');
  });

  it('pages while backups do not get on', () => {
    const troubled = state(undefined, { backupTrouble: 'the place is claimed by another cluster' });
    expect(text(snapshotPolicy(troubled, settings))).toBe('hold BACKUPS_FAIL page');
  });
});
