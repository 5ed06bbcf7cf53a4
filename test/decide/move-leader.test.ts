import { describe, expect, it } from 'vitest';
import type { ClusterState, MemberObserved, MemberState } from '../../src/cluster/state.ts';
import { moveLeaderPolicy } from '../../src/decide/move-leader.ts';
import type { Asked } from '../../src/decide/policy.ts';
import { agent, entry, HOUR_MS, member, NOW_MS, observed, settings, short, state } from './states.ts';

const sees = (n: number, what: Partial<MemberObserved>, more: Partial<MemberState> = {}): MemberState =>
  member(n, { observed: observed(what), ...more });

/** The raft leader m1 takes 90 ms for an fsync, m2 and m3 take 5 and 4. */
function slowDisk(third: Partial<MemberState> = {}, more: Partial<ClusterState> = {}): ClusterState {
  return state(
    [
      sees(1, { walFsyncP99Seconds: 0.09 }),
      sees(2, { walFsyncP99Seconds: 0.005 }),
      sees(3, { walFsyncP99Seconds: 0.004 }, third),
    ],
    { leaderWorstRounds: { fsync: 12, rtt: 0 }, ...more },
  );
}

/** The link of m1 takes 60 ms, and its disk is the best. */
const slowLink: ClusterState = state(
  [
    sees(1, { quorumRttSeconds: 0.06, walFsyncP99Seconds: 0.001 }),
    sees(2, { quorumRttSeconds: 0.002 }),
    sees(3, { quorumRttSeconds: 0.05, walFsyncP99Seconds: 0.0001 }),
  ],
  { leaderWorstRounds: { fsync: 0, rtt: 40 } },
);

const alice: Asked = { by: 'alice' };
const toward = (target: string): Asked => ({ ...alice, target });

describe('moving the raft leader', () => {
  it.each<[string, ClusterState, string]>([
    ['holds while it is no slower than others', state(), 'hold LEADER_FINE'],
    [
      'holds one round before it is sure',
      slowDisk({}, { leaderWorstRounds: { fsync: 11, rtt: 11 } }),
      'hold LEADER_FINE',
    ],
    ['acts when its disk is slow for long enough', slowDisk(), 'act LEADER_SLOW'],
    ['acts when its link is', slowLink, 'act LEADER_SLOW'],
    ['holds without a raft leader', omitLeader(slowDisk()), 'hold NO_RAFT_LEADER'],
    ['holds when the raft leader is not in the list', slowDisk({}, { leaderId: '9' }), 'hold NO_RAFT_LEADER'],
    [
      'cools down, whatever came of the last one',
      slowDisk({}, { history: [entry('move-leader', { outcome: 'stopped', endedAtMs: NOW_MS - HOUR_MS + 1 })] }),
      'hold COOLING_DOWN',
    ],
    [
      'acts when it has cooled down',
      slowDisk({}, { history: [entry('move-leader', { endedAtMs: NOW_MS - HOUR_MS })] }),
      'act LEADER_SLOW',
    ],
    ['holds after an election', slowDisk({}, { termStableSeconds: 29 }), 'hold TERM_UNSTABLE'],
    ['holds without a quorum', slowDisk({}, { votersReachable: 1 }), 'hold QUORUM_LOST'],
    [
      'holds under CORRUPT',
      slowDisk({}, { alarms: [{ memberId: '2', member: 'm2', alarm: 'CORRUPT' }] }),
      'hold CORRUPT_ALARM',
    ],
    [
      'holds under NOSPACE',
      slowDisk({}, { alarms: [{ memberId: '2', member: 'm2', alarm: 'NOSPACE' }] }),
      'hold NOSPACE_ALARM',
    ],
    [
      'holds where there is no other voter',
      state([sees(1, {})], { leaderWorstRounds: { fsync: 99, rtt: 0 } }),
      'hold NO_BETTER_VOTER',
    ],
    [
      'acts where the best of the others is just good enough',
      state(
        [1, 2, 3].map((n) => sees(n, { walFsyncP99Seconds: 0.03 * n })),
        { leaderId: '3', leaderWorstRounds: { fsync: 99, rtt: 0 } },
      ),
      'act LEADER_SLOW',
    ],
    [
      'holds where the others are as bad',
      state(
        [1, 2, 3].map((n) => sees(n, { walFsyncP99Seconds: 0.09 })),
        { leaderWorstRounds: { fsync: 99, rtt: 0 } },
      ),
      'hold NO_BETTER_VOTER',
    ],
  ])('%s', (_name, given, expected) => {
    expect(short(moveLeaderPolicy(given, settings))).toBe(expected);
  });

  it.each<[string, Partial<MemberState>]>([
    ['a learner', { isLearner: true }],
    ['an arbiter', { agent: agent(3, { role: 'arbiter' }) }],
    ['a member without an agent', { agent: undefined } as unknown as Partial<MemberState>],
    ['a member that does not answer', { reachable: false }],
    ['a member that is not healthy', { healthy: false }],
    ['a member that lags', { lagEntries: 1001n }],
    ['a member of unknown lag', { lagEntries: undefined } as unknown as Partial<MemberState>],
    ['a member whose figures are old', { observed: observed({ ageSeconds: 61, walFsyncP99Seconds: 0.0001 }) }],
  ])('is never to %s: the next best is taken', (_name, third) => {
    expect(moveLeaderPolicy(slowDisk(), settings).action).toEqual({
      operation: 'move-leader',
      targets: ['3'],
      parameters: { from: '1', to: '3' },
    });
    expect(moveLeaderPolicy(slowDisk(third), settings).action?.targets).toEqual(['2']);
  });

  it('is to a member with a clearly better link, where the link is at fault', () => {
    const { action, reasons } = moveLeaderPolicy(slowLink, settings);
    expect(action?.targets).toEqual(['2']);
    expect(reasons[0].message).toBe('a round trip to a quorum takes 60.0 ms on m1, the raft leader, and 2.00 ms on m2');
  });

  it('says of all others why not', () => {
    const given = slowDisk({ lagEntries: 2000n });
    const [first, , third] = given.members;
    const members = [first, sees(2, { walFsyncP99Seconds: 0.04 }), third].flatMap((one) => one ?? []);
    expect(moveLeaderPolicy({ ...given, members }, settings).reasons[0].message).toBe(
      'm2 takes 40.0 ms too; m3 lags 2,000 entries',
    );
  });

  it.each<[string, ClusterState, Asked, string]>([
    [
      'moves without need or cool-down',
      state(undefined, { history: [entry('move-leader', { endedAtMs: NOW_MS })] }),
      alice,
      'act REQUESTED',
    ],
    ['moves to the member that is named', slowDisk(), toward('2'), 'act REQUESTED LEADER_SLOW'],
    ['does not move to where it is', state(), toward('1'), 'hold ALREADY_LEADER'],
    ['does not move to nobody', state(), toward('9'), 'hold TARGET_UNKNOWN'],
    [
      'does not move to an arbiter',
      state([member(1), member(2, { agent: agent(2, { role: 'arbiter' }) }), member(3)]),
      toward('2'),
      'hold TARGET_UNFIT',
    ],
    [
      'does not move to a member that lags',
      state([member(1), member(2, { lagEntries: 1001n }), member(3)]),
      toward('2'),
      'hold TARGET_UNFIT',
    ],
    ['does not move after an election', state(undefined, { termStableSeconds: 1 }), toward('2'), 'hold TERM_UNSTABLE'],
    ['does not move where nobody else may lead', state([member(1)]), alice, 'hold NO_BETTER_VOTER'],
  ])('for a person %s', (_name, given, asked, expected) => {
    expect(short(moveLeaderPolicy(given, settings, asked))).toBe(expected);
  });
});

function omitLeader({ leaderId: _leaderId, ...given }: ClusterState): ClusterState {
  return given;
}
