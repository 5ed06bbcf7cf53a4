import { expect, it } from 'vitest';
import { canaryPlace } from '../../src/agent/canary-place.ts';
import type { Observation } from '../../src/cluster/observation.ts';
import { journalKeys } from '../../src/journal/keys.ts';
import { fullObservation } from '../expose/support/full-observation.ts';

it('a canary writes where its member says, in the turn of its id, and goes on there while nobody answers', () => {
  let observed: Observation = { ...fullObservation, sections: {} };
  const place = canaryPlace(journalKeys('/care/'), () => observed);
  expect(place()).toBeUndefined();
  observed = fullObservation;
  const ids = fullObservation.sections.cluster?.value?.members.map(({ id }) => id) ?? [];
  const own = fullObservation.sections.member?.value?.status.memberId ?? '';
  const known = { key: Buffer.from(`/care/canary/${own}`), agents: ids.length, index: ids.toSorted().indexOf(own) };
  expect(place()).toEqual(known);
  observed = { ...fullObservation, sections: {} };
  expect(place()).toEqual(known);
});
