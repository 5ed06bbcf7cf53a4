import { describe, expect, it } from 'vitest';
import { LeaderSlowness } from '../../src/cluster/leader-slowness.ts';
import { member, observed } from '../decide/states.ts';

const limits = { factor: 3, minFsyncSeconds: 0.02, minRttSeconds: 0.02 };

/** Members 1, 2, 3, … with these fsync p99 in ms; undefined where it is not known. */
const disks = (...ms: readonly (number | undefined)[]) =>
  ms.map((one, index) =>
    member(index + 1, {
      observed:
        one === undefined ? { ageSeconds: 1 } : observed({ walFsyncP99Seconds: one / 1000, quorumRttSeconds: 0 }),
    }),
  );
const links = (...ms: readonly number[]) =>
  ms.map((one, index) =>
    member(index + 1, { observed: observed({ walFsyncP99Seconds: 0, quorumRttSeconds: one / 1000 }) }),
  );

type Round = readonly [members: ReturnType<typeof disks>, leaderId: string | undefined];

describe('rounds in a row in which the raft leader is clearly the worst', () => {
  it.each<[string, readonly Round[], { fsync: number; rtt: number }]>([
    ['none when all are alike', [[disks(5, 5, 5), '1']], { fsync: 0, rtt: 0 }],
    [
      'each in which its disk is the factor slower than the median',
      [
        [disks(60, 20, 20), '1'],
        [disks(60, 1, 20), '1'],
      ],
      { fsync: 2, rtt: 0 },
    ],
    ['none for less than the factor', [[disks(59, 20, 20), '1']], { fsync: 0, rtt: 0 }],
    ['none below what counts as slow', [[disks(19, 1, 1), '1']], { fsync: 0, rtt: 0 }],
    ['one at what counts as slow', [[disks(20, 1, 1), '1']], { fsync: 1, rtt: 0 }],
    ['none where a follower is slow', [[disks(1, 60, 1), '1']], { fsync: 0, rtt: 0 }],
    ['each in which its link is', [[links(60, 20, 20), '1']], { fsync: 0, rtt: 1 }],
    [
      'those after a better round',
      [
        [disks(60, 1, 1), '1'],
        [disks(1, 1, 1), '1'],
        [disks(60, 1, 1), '1'],
      ],
      { fsync: 1, rtt: 0 },
    ],
    [
      'those since it leads',
      [
        [disks(60, 1, 1), '1'],
        [disks(1, 99, 1), '2'],
      ],
      { fsync: 1, rtt: 0 },
    ],
    [
      'those since the lead came back to it',
      [
        [disks(60, 1, 1), '1'],
        [disks(60, 1, 1), '2'],
        [disks(60, 1, 1), '1'],
      ],
      { fsync: 1, rtt: 0 },
    ],
    [
      'none without a leader',
      [
        [disks(60, 1, 1), '1'],
        [disks(60, 1, 1), undefined],
      ],
      { fsync: 0, rtt: 0 },
    ],
    [
      'none of which its figures are missing',
      [
        [disks(60, 1, 1), '1'],
        [disks(undefined, 1, 1), '1'],
      ],
      { fsync: 0, rtt: 0 },
    ],
    ['none of which all other figures are missing', [[disks(60, undefined, undefined), '1']], { fsync: 0, rtt: 0 }],
    ['against those of the others that are known', [[disks(60, 1, undefined), '1']], { fsync: 1, rtt: 0 }],
  ])('%s', (_name, rounds, expected) => {
    const slowness = new LeaderSlowness();
    expect(rounds.map(([members, leaderId]) => slowness.round(members, leaderId, limits)).at(-1)).toEqual(expected);
  });

  it('leaves learners out', () => {
    const members = disks(60, 1, 99, 99, 99).map((one, index) => ({ ...one, isLearner: index > 1 }));
    expect(new LeaderSlowness().round(members, '1', limits).fsync).toBe(1);
  });
});
