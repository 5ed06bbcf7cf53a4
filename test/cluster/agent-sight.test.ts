import { describe, expect, it } from 'vitest';
import { type SightSections, sightOf } from '../../src/cluster/agent-sight.ts';

type Peer = NonNullable<NonNullable<SightSections['peers']>['value']>['peers'][number];

const peer = (peerId: string, http: number | undefined, tcp?: number): Peer => ({
  peerId,
  probes: [
    { probe: 'tcp', lastSeconds: tcp },
    { probe: 'tls', lastSeconds: 9 },
    { probe: 'http', lastSeconds: http },
  ],
});

const rtts = (voters: number, ...peers: readonly Peer[]) => {
  const { worstPeerRttSeconds, quorumRttSeconds } = sightOf({ peers: { value: { peers } } }, voters);
  return [worstPeerRttSeconds, quorumRttSeconds];
};

describe('round trips as an agent sees them', () => {
  it.each<[string, number, readonly Peer[], readonly (number | undefined)[]]>([
    ['three voters need one peer: the nearer one', 3, [peer('2', 0.06), peer('3', 0.001)], [0.06, 0.001]],
    ['five voters need two', 5, [peer('2', 0.06), peer('3', 0.001), peer('4', 0.02), peer('5', 0.09)], [0.09, 0.02]],
    ['two voters need the other one', 2, [peer('2', 0.06)], [0.06, 0.06]],
    ['one voter needs none', 1, [], [undefined, undefined]],
    [
      'a peer with two URLs counts once, by the shorter way',
      5,
      [peer('2', 0.06), peer('2', 0.01), peer('3', 0.02)],
      [0.06, 0.02],
    ],
    ['TCP stands in for HTTP', 3, [peer('2', undefined, 0.004), peer('3', undefined)], [0.004, 0.004]],
    [
      'a quorum of which not all answer has no round trip',
      5,
      [peer('2', 0.01), peer('3', undefined)],
      [0.01, undefined],
    ],
  ])('%s', (_name, voters, peers, expected) => {
    expect(rtts(voters, ...peers)).toEqual(expected);
  });
});

describe('how far the own clock is off', () => {
  const at = (peerId: string, clockSkewSeconds?: number): Peer => ({ peerId, probes: [], clockSkewSeconds });
  it.each<[string, readonly Peer[], number | undefined]>([
    ['by the least of those that all peers are apart from it', [at('2', -5), at('3', -4.9)], 4.9],
    ['also where it is behind', [at('2', 2), at('3', 2.1)], -2],
    ['not where one peer is apart and another is not', [at('2', -5), at('3', 0)], 0],
    ['not where they are apart in different ways', [at('2', -5), at('3', 4)], 0],
    ['not known from one peer', [at('2', -5), at('2', -5)], undefined],
    ['not known where no skew is', [at('2'), at('3')], undefined],
  ])('%s', (_name, peers, expected) => {
    expect(sightOf({ peers: { value: { peers } } }, 3).clockOffSeconds).toBe(expected);
  });
});
