import { describe, expect, it } from 'vitest';
import type { ClusterMember, ClusterSection } from '../../../src/cluster/sections.ts';
import { chooseScanner } from '../../../src/observe/keyspace/scanner-choice.ts';

function cluster(leaderId: string, ...members: Partial<ClusterMember>[]): ClusterSection {
  return {
    clusterId: 'c',
    linearizable: true,
    members: members.map((member) => ({
      id: '1',
      name: `m-${member.id}`,
      peerUrls: [],
      clientUrls: [],
      isLearner: false,
      reachable: true,
      healthy: true,
      ...member,
    })),
    alarms: [],
    voters: members.length,
    learners: 0,
    votersReachable: members.length,
    quorumSize: 2,
    raftTerm: 2n,
    leaderId,
    findings: [],
  };
}

describe('the agent that keeps the totals', () => {
  it('is that of the healthy follower with the lowest id', () => {
    expect(chooseScanner(cluster('2', { id: 'ff' }, { id: '2' }, { id: '10' }))?.id).toBe('10');
  });

  it('is not that of a learner or of a member that is not well', () => {
    const members = [{ id: '1', isLearner: true }, { id: '2' }, { id: '3', healthy: false }, { id: '4' }];
    expect(chooseScanner(cluster('2', ...members))?.id).toBe('4');
  });

  it('is that of the raft leader where there is nobody else', () => {
    expect(chooseScanner(cluster('2', { id: '2' }, { id: '3', healthy: false }))?.id).toBe('2');
    expect(chooseScanner(cluster('2', { id: '2', healthy: false }))).toBeUndefined();
  });
});
