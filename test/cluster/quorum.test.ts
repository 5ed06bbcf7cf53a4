import { describe, expect, it } from 'vitest';
import { faultTolerance, ifLost, quorumSize } from '../../src/cluster/quorum.ts';

describe('quorum arithmetic', () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
    [7, 4],
  ])('%i voters need %i', (voters, quorum) => {
    expect(quorumSize(voters)).toBe(quorum);
  });

  it('counts how many more voters may be lost', () => {
    expect(faultTolerance(3, 3)).toBe(1);
    expect(faultTolerance(3, 2)).toBe(0);
    expect(faultTolerance(3, 1)).toBe(-1);
  });

  it('says that a healthy cluster of three survives one loss and then no other', () => {
    expect(ifLost({ voters: 3, votersReachable: 3, lostIsVoter: true, lostIsReachable: true })).toMatchObject({
      votersLeft: 2,
      quorumHolds: true,
      faultToleranceLeft: 0,
    });
  });

  it('says that a cluster of three with one member down does not survive another', () => {
    expect(ifLost({ voters: 3, votersReachable: 2, lostIsVoter: true, lostIsReachable: true })).toMatchObject({
      votersLeft: 1,
      quorumHolds: false,
    });
  });

  it('losing a learner, or a member that is down already, costs nothing', () => {
    const learner = ifLost({ voters: 3, votersReachable: 3, lostIsVoter: false, lostIsReachable: true });
    const dead = ifLost({ voters: 3, votersReachable: 2, lostIsVoter: true, lostIsReachable: false });
    expect([learner.votersLeft, learner.quorumHolds]).toEqual([3, true]);
    expect([dead.votersLeft, dead.quorumHolds]).toEqual([2, true]);
  });
});
