import { describe, expect, it } from 'vitest';
import { assembleCluster } from '../../src/cluster/assemble.ts';
import type { ClusterReplies, ListedPeer } from '../../src/cluster/cluster-replies.ts';
import type { MemberStatus } from '../../src/cluster/sections.ts';

const cluster = 'c1';

function listed(n: number, more: Partial<ListedPeer> = {}): ListedPeer {
  return {
    id: `${n}`,
    name: `m${n}`,
    peerUrls: [`http://127.0.0.1:${n}1`],
    clientUrls: [`http://127.0.0.1:${n}0`],
    isLearner: false,
    ...more,
  };
}

function status(n: number, more: Partial<MemberStatus> = {}): MemberStatus {
  return {
    memberId: `${n}`,
    clusterId: cluster,
    version: '3.5.30',
    revision: 100n,
    raftTerm: 4n,
    raftIndex: 200n,
    raftAppliedIndex: 200n,
    leaderId: '1',
    isLeader: n === 1,
    isLearner: false,
    dbSizeBytes: 1,
    dbSizeInUseBytes: 1,
    errors: [],
    ...more,
  };
}

function reply(n: number, more: Partial<MemberStatus> = {}): ClusterReplies['replies'][number] {
  return { endpoint: `http://127.0.0.1:${n}0`, status: status(n, more) };
}

function replies(more: Partial<ClusterReplies> = {}): ClusterReplies {
  return {
    clusterId: cluster,
    linearizable: true,
    listed: [listed(1), listed(2), listed(3)],
    replies: [reply(1), reply(2), reply(3)],
    alarms: [],
    ...more,
  };
}

const codes = (input: ClusterReplies): readonly string[] => assembleCluster(input).findings.map(({ code }) => code);

describe('a cluster put together from one round of replies', () => {
  it('counts voters, quorum and leader of a healthy cluster', () => {
    const section = assembleCluster(replies());
    expect(section).toMatchObject({
      voters: 3,
      learners: 0,
      votersReachable: 3,
      quorumSize: 2,
      raftTerm: 4n,
      leaderId: '1',
      findings: [],
    });
    expect(section.members.every(({ healthy }) => healthy)).toBe(true);
  });

  it('takes quorum from the member list, not from who answers', () => {
    const down = { endpoint: 'http://127.0.0.1:30', fault: { code: 'ETCD_UNREACHABLE', message: 'refused' } };
    const section = assembleCluster(replies({ replies: [reply(1), reply(2), down] }));
    expect([section.voters, section.votersReachable, section.quorumSize]).toEqual([3, 2, 2]);
    expect(section.members[2]).toMatchObject({ reachable: false, healthy: false, fault: { code: 'ETCD_UNREACHABLE' } });
  });

  it('measures lag against the furthest member of the same round', () => {
    const section = assembleCluster(
      replies({ replies: [reply(1), reply(2, { raftIndex: 150n, revision: 90n }), reply(3)] }),
    );
    expect(section.members[1]).toMatchObject({ raftIndexLagEntries: 50n, revisionLag: 10n });
    expect(section.members[0]).toMatchObject({ raftIndexLagEntries: 0n, revisionLag: 0n });
  });

  it('counts a reply for the member that answered, not for the one whose URL was asked', () => {
    const balancer = { endpoint: 'http://127.0.0.1:20', status: status(3) };
    const input = replies({ replies: [reply(1), balancer, reply(3)] });
    const section = assembleCluster(input);
    expect(section.members[1]).toMatchObject({ reachable: false, fault: { code: 'ETCD_WRONG_MEMBER' } });
    expect(codes(input)).toEqual(['ETCD_WRONG_MEMBER']);
  });

  it('finds a member by a configured endpoint when its advertised URL leads elsewhere', () => {
    const direct = { endpoint: 'http://10.0.0.2:2379', status: status(2) };
    const balancer = { endpoint: 'http://127.0.0.1:20', status: status(3) };
    const section = assembleCluster(replies({ replies: [reply(1), balancer, reply(3), direct] }));
    expect(section.members[1]?.reachable).toBe(true);
  });

  it('says that members share one advertised URL', () => {
    const shared = { clientUrls: ['https://etcd.example:2379'] };
    expect(codes(replies({ listed: [listed(1, shared), listed(2, shared), listed(3)] }))).toContain(
      'SHARED_CLIENT_URL',
    );
  });

  it('never counts a member of another cluster', () => {
    const input = replies({ replies: [reply(1), reply(2, { clusterId: 'c2' }), reply(3)] });
    expect(assembleCluster(input).votersReachable).toBe(2);
    expect(codes(input)).toEqual(['FOREIGN_CLUSTER']);
  });

  it('keeps learners out of the quorum', () => {
    const section = assembleCluster(
      replies({
        listed: [listed(1), listed(2), listed(3), listed(4, { isLearner: true })],
        replies: [reply(1), reply(2), reply(3), reply(4, { isLearner: true })],
      }),
    );
    expect([section.voters, section.learners, section.quorumSize]).toEqual([3, 1, 2]);
  });

  it('names no leader while members of the same term disagree, and says so', () => {
    const input = replies({ replies: [reply(1), reply(2, { leaderId: '2' }), reply(3)] });
    expect(assembleCluster(input).leaderId).toBeUndefined();
    expect(codes(input)).toEqual(['LEADER_DISPUTED']);
  });

  it('believes the newest term about the leader', () => {
    const input = replies({
      replies: [reply(1, { raftTerm: 3n }), reply(2, { leaderId: '2' }), reply(3, { leaderId: '2' })],
    });
    expect(assembleCluster(input).leaderId).toBe('2');
  });

  it('a member without a leader or with CORRUPT is not healthy, one with NOSPACE is', () => {
    const section = assembleCluster(
      replies({
        replies: [reply(1), reply(2, { leaderId: '0' }), reply(3)],
        alarms: [
          { memberId: '1', alarm: 'NOSPACE' },
          { memberId: '3', alarm: 'CORRUPT' },
        ],
      }),
    );
    expect(section.members.map(({ healthy }) => healthy)).toEqual([true, false, false]);
    expect(section.alarms).toEqual([
      { memberId: '1', member: 'm1', alarm: 'NOSPACE' },
      { memberId: '3', member: 'm3', alarm: 'CORRUPT' },
    ]);
  });

  it('says of an unstarted member that it was never started', () => {
    const section = assembleCluster(
      replies({
        replies: [reply(1), reply(2)],
        listed: [listed(1), listed(2), listed(3, { name: '', clientUrls: [] })],
      }),
    );
    expect(section.members[2]?.fault?.code).toBe('MEMBER_NEVER_STARTED');
  });

  it('does not take a member that refuses its status for one that is down', () => {
    const refusing = { endpoint: 'http://127.0.0.1:30', fault: { code: 'ETCD_PERMISSION_DENIED', message: 'no' } };
    const input = replies({ replies: [reply(1), reply(2), refusing] });
    const section = assembleCluster(input);
    expect(section.votersReachable).toBe(3);
    expect(section.members[2]).toMatchObject({ reachable: true, healthy: true });
    expect(codes(input)).toEqual(['STATUS_REFUSED']);
  });

  it('says that the own member was removed when a quorum confirms a list without it', () => {
    expect(codes(replies({ silentMember: 'm9' }))).toEqual(['MEMBER_NOT_LISTED']);
    expect(codes(replies({ silentMember: 'm3' }))).toEqual([]);
    expect(codes(replies({ silentMember: 'm9', linearizable: false }))).toEqual([]);
  });

  it('finds mixed versions and an even number of voters', () => {
    const input = replies({
      listed: [listed(1), listed(2)],
      replies: [reply(1), reply(2, { version: '3.4.23' })],
    });
    expect(codes(input)).toEqual(['MIXED_VERSIONS', 'EVEN_VOTERS']);
  });
});
