import { describe, expect, it } from 'vitest';
import type { NodeVerdict, PodSetView } from '../../src/cluster/pod-set.ts';
import type { ClusterState, MemberSilence, MemberState } from '../../src/cluster/state.ts';
import { releasePolicy } from '../../src/decide/release.ts';
import { broken, candidate, settings, short, state, supervised } from './states.ts';

const long: MemberSilence = { seconds: 400, observers: 2, silentTo: 2 };
const gone: NodeVerdict = { verdict: 'gone', proof: 'no node is left on which the volume pv-3 can be used' };
const there: NodeVerdict = { verdict: 'there', message: 'the node n3 is there, and not tainted as out of service' };

const podSet = (node?: NodeVerdict): PodSetView => ({
  ...{ name: 'm', firstOrdinal: 0, replicas: 3, updateRevision: 'r', partition: 1000 },
  pods: [0, 1, 2].map((ordinal) => ({
    ...{ name: `m${ordinal + 1}`, ordinal },
    ...(ordinal === 2 && node !== undefined ? { node } : {}),
  })),
});
/** The third member is silent, and its pod's node is as told. */
const cluster = (node?: NodeVerdict, silence = long, others: readonly MemberState[] = [supervised(1), supervised(2)]) =>
  state([...others, broken(3, undefined, { silence })], { podSet: podSet(node) });
const by = 'alice';

describe('the volume of a pod', () => {
  it.each<[string, ClusterState, string]>([
    ['is let go of where its node is gone and its member dead', cluster(gone), 'act NODE_GONE'],
    ['is kept outside of a StatefulSet', state([supervised(1), supervised(2), broken(3)]), 'hold NO_POD_SET'],
    ['is kept while its node is there', cluster(there), 'hold NODE_NOT_GONE'],
    ['is kept while nothing is known of its node', cluster(), 'hold NODE_NOT_GONE'],
    [
      'is kept until its member has been dead for long enough',
      cluster(gone, { ...long, seconds: 200 }),
      'hold NOT_DEAD_YET',
    ],
    ['is kept where somebody reaches its member', cluster(gone, { ...long, silentTo: 1 }), 'hold NOT_DEAD_YET'],
    [
      'is kept where another voter is not well',
      cluster(gone, long, [supervised(1), { ...supervised(2), healthy: false }]),
      'hold SECOND_FAILURE',
    ],
    [
      'of members that are well is nobody’s trouble',
      state(
        [1, 2, 3].map((n) => supervised(n)),
        { podSet: podSet(gone) },
      ),
      'hold ALL_WELL',
    ],
  ])('%s', (_, given, expected) => {
    expect(short(releasePolicy(given, settings))).toBe(expected);
  });

  describe('with two nodes of five gone', () => {
    const five = (fourth: MemberState, others: readonly MemberState[] = [1, 2, 3].map((n) => supervised(n))) =>
      state([...others, fourth, broken(5, undefined, { silence: long })], {
        podSet: {
          ...podSet(),
          replicas: 5,
          pods: [1, 2, 3, 4, 5].map((n) => ({
            ...{ name: `m${n}`, ordinal: n - 1 },
            ...(n > 3 ? { node: gone } : {}),
          })),
        },
      });
    const dead = broken(4, undefined, { silence: long });

    it('is let go of, one after the other, while the rest are well', () => {
      expect(short(releasePolicy(five(dead), settings))).toBe('act NODE_GONE');
      expect(releasePolicy(five(dead), settings).action?.targets).toEqual(['4']);
    });

    it('is kept while the other one may come back, or the rest are not well', () => {
      const young = broken(4, undefined, { silence: { ...long, seconds: 200 } });
      expect(short(releasePolicy(five(young), settings, { by, target: '5' }))).toBe('hold SECOND_FAILURE');
      const unwell = [supervised(1), supervised(2), { ...supervised(3), healthy: false }];
      expect(short(releasePolicy(five(dead, unwell), settings))).toBe('hold SECOND_FAILURE');
    });

    it('is kept without a quorum', () => {
      const given = { ...five(dead), votersReachable: 2 };
      expect(short(releasePolicy(given, settings))).toBe('hold QUORUM_LOST');
    });
  });

  describe('of a pod whose member is no voter', () => {
    const voters = [supervised(1), supervised(2)];
    const learner = broken(3, undefined, { name: '', isLearner: true });

    it.each<[string, readonly MemberState[]]>([
      ['is no member', voters],
      ['is a learner that was never started', [...voters, learner]],
    ])('is left to a person, who is told, where it %s', (_, members) => {
      const decision = releasePolicy(state(members, { podSet: podSet(gone) }), settings);
      expect(short(decision)).toBe('hold page POD_NODE_GONE');
      expect(decision.reasons[0].message).toContain('the pod m3');
    });

    it('is nobody’s trouble while its node is there, or while an agent is in it', () => {
      expect(short(releasePolicy(state(voters, { podSet: podSet(there) }), settings))).toBe('hold ALL_WELL');
      const given = state(voters, { podSet: podSet(gone), candidates: [candidate('m3')] });
      expect(short(releasePolicy(given, settings))).toBe('hold ALL_WELL');
    });
  });

  it('is told by member and pod', () => {
    expect(releasePolicy(cluster(gone), settings).action).toEqual({
      operation: 'release',
      targets: ['3'],
      parameters: { member: '3', pod: 'm3' },
    });
  });

  it('is let go of for a person too only with that proof, and never of a member that answers', () => {
    expect(short(releasePolicy(cluster(gone), settings, { by, target: '3' }))).toBe('act REQUESTED NODE_GONE');
    expect(short(releasePolicy(cluster(there), settings, { by, target: '3' }))).toBe('hold NODE_NOT_GONE');
    expect(short(releasePolicy(cluster(gone), settings, { by, target: '1' }))).toContain('TARGET_UNFIT');
    expect(short(releasePolicy(cluster(gone), settings, { by }))).toBe('hold TARGET_UNKNOWN');
  });
});
