import { describe, expect, it } from 'vitest';
import {
  faultTolerance,
  ifLost,
  quorumSize,
  type RemovalQuestion,
  removalKeepsQuorum,
} from '../../src/cluster/quorum.ts';

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

  it.each<[string, Partial<RemovalQuestion>, boolean]>([
    ['of three where the other two are well', {}, true],
    ['not of three where one more is down', { wellOthers: 1 }, false],
    ['of four where the other three are well', { voters: 4, wellOthers: 3 }, true],
    ['not of four where two others are well: they are no majority now', { voters: 4, wellOthers: 2 }, false],
    ['of five where one more is down', { voters: 5, wellOthers: 3 }, true],
    ['not of five where two more are down', { voters: 5, wellOthers: 2 }, false],
    ['never of two by itself', { voters: 2, wellOthers: 1, isWell: true }, false],
    [
      'of two where a person says so and both are well',
      { voters: 2, wellOthers: 1, isWell: true, byPerson: true },
      true,
    ],
    [
      'not of two where the one that is to go is down: nobody could agree to it',
      { voters: 2, wellOthers: 1, byPerson: true },
      false,
    ],
    ['never of one', { voters: 1, wellOthers: 0, isWell: true, byPerson: true }, false],
    ['a learner always', { wellOthers: 0, isVoter: false }, true],
  ])('a member may be removed: %s', (_, more, may) => {
    const question = { voters: 3, wellOthers: 2, isVoter: true, isWell: false, byPerson: false, ...more };
    expect(removalKeepsQuorum(question) === undefined).toBe(may);
  });
});
