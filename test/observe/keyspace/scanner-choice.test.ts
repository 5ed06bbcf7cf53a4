import { describe, expect, it } from 'vitest';
import type { ClusterMember, ClusterSection } from '../../../src/cluster/sections.ts';
import { chooseScanner, turnOf } from '../../../src/observe/keyspace/scanner-choice.ts';

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

  it('keeps them whatever the others do where its configuration says always, unless it is beside a learner', () => {
    const three = cluster('2', { id: '1' }, { id: '2' }, { id: '3' });
    expect(turnOf('always', { memberId: '3', isLearner: false }, three)).toEqual({ mine: true });
    expect(turnOf('always', { memberId: '3', isLearner: true }, three)).toMatchObject({
      mine: false,
      waitingFor: 'the member to be a voter',
    });
  });

  it('never keeps them where its configuration says never, and says that the others leave them to it', () => {
    const three = cluster('2', { id: '1' }, { id: '2' }, { id: '3' });
    const own = { memberId: '1', isLearner: false };
    expect(turnOf('auto', own, three)).toEqual({ mine: true });
    const turn = turnOf('never', own, three);
    expect(turn).toMatchObject({ mine: false, waitingFor: expect.stringContaining('observe.keyspace.scanner') });
    expect(turn).not.toHaveProperty('heldBy');
  });

  it('is said by the others as the one that would keep them, as nobody knows whether it runs', () => {
    const three = cluster('2', { id: '1' }, { id: '2' }, { id: '3' });
    const turn = {
      mine: false,
      waitingFor: 'nothing: the totals would be kept by the agent of m-1',
      heldBy: { memberId: '1', member: 'm-1' },
    };
    expect(turnOf('auto', { memberId: '3', isLearner: false }, three)).toEqual(turn);
    expect(turnOf('never', { memberId: '3', isLearner: false }, three)).toEqual(turn);
    expect(turnOf('auto', { memberId: '3', isLearner: false }, undefined)).toMatchObject({
      waitingFor: 'a first look at the cluster',
    });
  });
});
