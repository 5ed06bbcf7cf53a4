import { expect, test } from 'vitest';
import { learnt } from '../../../src/agent/member/learn.ts';
import { rememberedList } from '../../../src/agent/member/remembered-list.ts';
import type { Observation } from '../../../src/cluster/observation.ts';
import { fullObservation } from '../../expose/support/full-observation.ts';

/** A round in which a quorum gives the list without its last `fewer` members. */
function round(observedAtMs: number, fewer = 0): Observation {
  const full: Observation = fullObservation;
  const cluster = full.sections.cluster;
  if (cluster?.value === undefined) throw new Error('the observation is not full');
  const members = cluster.value.members.slice(0, cluster.value.members.length - fewer);
  const value = { ...cluster.value, linearizable: true, members };
  return { ...full, observedAtMs, sections: { cluster: { ...cluster, value } } };
}

const before = { clusterId: fullObservation.sections.cluster?.value?.clusterId ?? '', memberId: 'a', agents: [] };

test('the list is remembered with when it began to be as it is, so that it is not written down each round', () => {
  const first = learnt(round(1000), { ...before, members: [] });
  expect(first).toMatchObject({ listedAtMs: 1000, listedAtIndex: expect.stringMatching(/^\d+$/) });
  const again = learnt(round(2000), first);
  expect(again).toEqual(first);
  expect(learnt(round(3000, 1), again)).toMatchObject({ listedAtMs: 3000 });
  expect(rememberedList(first)).toMatchObject({ atMs: 1000, raftIndex: BigInt(first?.listedAtIndex ?? '') });
});
