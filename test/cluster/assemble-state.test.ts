import { describe, expect, it } from 'vitest';
import { assembleCluster } from '../../src/cluster/assemble.ts';
import { assembleState, type JournalContents, type StateParts } from '../../src/cluster/assemble-state.ts';
import type { ClusterSection, MemberStatus } from '../../src/cluster/sections.ts';
import { agent, entry, operations, request, slot } from '../decide/states.ts';

function status(n: number, more: Partial<MemberStatus> = {}): MemberStatus {
  return {
    memberId: `${n}`,
    clusterId: 'c1',
    version: '3.5.30',
    revision: 100n + BigInt(n),
    raftTerm: 4n,
    raftIndex: 2000n,
    raftAppliedIndex: 2000n,
    leaderId: '1',
    isLeader: n === 1,
    isLearner: false,
    dbSizeBytes: 10,
    dbSizeInUseBytes: 5,
    errors: [],
    ...more,
  };
}

/** m1 leads, m2 lags, m3 does not answer. */
function cluster(second: Partial<MemberStatus> = {}, alarms?: 'unknown'): ClusterSection {
  const url = (n: number) => `http://127.0.0.1:${n}0`;
  return assembleCluster({
    clusterId: 'c1',
    linearizable: true,
    listed: [1, 2, 3].map((n) => ({
      id: `${n}`,
      name: `m${n}`,
      peerUrls: [`p${n}`],
      clientUrls: [url(n)],
      isLearner: false,
    })),
    replies: [
      { endpoint: url(1), status: status(1) },
      { endpoint: url(2), status: status(2, second) },
      { endpoint: url(3), fault: { code: 'ETCD_UNREACHABLE', message: 'refused' } },
    ],
    ...(alarms === undefined ? { alarms: [] } : {}),
  });
}

const journal: JournalContents = {
  agents: [agent(1), agent(3)],
  history: [entry('defrag', { revision: 5n, id: 'old' }), entry('defrag', { revision: 9n, id: 'new' })],
  requests: [],
  resumedRevision: 3n,
  unreadable: [],
};

function parts(more: Partial<StateParts> = {}): StateParts {
  return {
    nowMs: 1,
    monotonicMs: 2,
    cluster: cluster(),
    reports: new Map(),
    journal,
    ownOperations: operations,
    revisions: [],
    termStableSeconds: 3,
    membersStableSeconds: 4,
    readySeconds: 5,
    foreign: [],
    kubernetesCompacts: false,
    ...more,
  };
}

describe('the state of the cluster, put together', () => {
  it('has what the member list and the members say', () => {
    const state = assembleState(parts({ cluster: cluster({ raftAppliedIndex: 500n }) }));
    expect(state).toMatchObject({
      voters: 3,
      votersReachable: 2,
      quorumSize: 2,
      leaderId: '1',
      revision: 102n,
      raftTerm: 4n,
    });
    expect(state.members[0]).toMatchObject({
      name: 'm1',
      isLeader: true,
      healthy: true,
      lagEntries: 0n,
      version: '3.5.30',
    });
    expect(state.members[1]).toMatchObject({
      isLeader: false,
      lagEntries: 1500n,
      dbSizeBytes: 10,
      dbSizeInUseBytes: 5,
    });
    expect(state.members[2]).toMatchObject({ reachable: false, healthy: false, fault: 'refused' });
    expect(state.members[2]).not.toHaveProperty('lagEntries');
  });

  it('has the agents that are registered, and what they report', () => {
    const sight = {
      walFsyncP99Seconds: 0.1,
      compactRevision: 7n,
      quotaBytes: 99,
      largestPrefixes: [{ prefix: '/a', bytes: 1 }],
    };
    const reports = new Map([['3', { sight, ageSeconds: 6, localPause: 'disk swap' }]]);
    const { members, largestPrefixes } = assembleState(parts({ reports }));
    expect(members.map((one) => one.agent?.instance)).toEqual(['i1', undefined, 'i3']);
    expect(members[2]).toMatchObject({
      quotaBytes: 99,
      observed: { ageSeconds: 6, localPause: 'disk swap', walFsyncP99Seconds: 0.1, compactRevision: 7n },
    });
    expect(members[2]?.observed).not.toHaveProperty('quotaBytes');
    expect(members[1]).not.toHaveProperty('observed');
    expect(largestPrefixes).toEqual([{ prefix: '/a', bytes: 1 }]);
  });

  it.each<[string, Partial<MemberStatus>, number | undefined, number | undefined]>([
    ['of Status, where it has one', { dbSizeQuotaBytes: 7 }, 99, 7],
    ['of the agent, where Status has none', {}, 99, 99],
    ['of the agent, where Status says 0 for the default', { dbSizeQuotaBytes: 0 }, 99, 99],
    ['none, where Status says that it is disabled', { dbSizeQuotaBytes: -1 }, 99, Number.POSITIVE_INFINITY],
    ['unknown, where nobody says', {}, undefined, undefined],
  ])('has the quota %s', (_name, second, told, expected) => {
    const reports = new Map([['2', { sight: told === undefined ? {} : { quotaBytes: told }, ageSeconds: 1 }]]);
    expect(assembleState(parts({ cluster: cluster(second), reports })).members[1]?.quotaBytes).toBe(expected);
  });

  it('tells alarms that are not known from none', () => {
    expect(assembleState(parts()).alarmsUnknown).toBe(false);
    expect(assembleState(parts({ cluster: cluster({}, 'unknown') })).alarmsUnknown).toBe(true);
  });

  it('has the journal, the newest of the history first', () => {
    const more = {
      leader: { memberId: '1', member: 'm1', instance: 'i1', epoch: 7n, sinceMs: 0 },
      slot: slot('defrag'),
      requests: [request('defrag')],
      pause: { reason: 'x', by: 'bob', atMs: 0, untilMs: 1 },
      armed: { atMs: 0, epoch: 1n, members: ['1'] },
    };
    const state = assembleState(parts({ journal: { ...journal, ...more }, epoch: 7n, durableRevision: 50n }));
    expect(state).toMatchObject({
      ...more,
      epoch: 7n,
      durableRevision: 50n,
      resumedRevision: 3n,
      ownOperations: operations,
    });
    expect(state.history.map(({ id }) => id)).toEqual(['new', 'old']);
  });

  it('leaves out what is not there', () => {
    const state = assembleState(parts());
    for (const name of ['leader', 'slot', 'pause', 'armed', 'epoch', 'durableRevision', 'leaderWorstRounds']) {
      expect(state).not.toHaveProperty(name);
    }
  });

  it('is the same for the same parts', () => {
    expect(assembleState(parts())).toEqual(assembleState(parts()));
  });
});
