import type { Observation } from '../../../src/cluster/observation.ts';
import { fullObservation } from '../support/full-observation.ts';

/** Parts of sections, by section. */
type Values = { readonly [K in keyof Observation['sections']]?: object };

/**
 * The observation by hand as it is at the end of a round that began at `seconds` of the monotonic clock and took 200 ms, with some values of its
 * sections changed.
 * @param wallAheadMs by how much the wall clock is ahead of the one by hand
 */
export function roundAt(seconds: number, values: Values = {}, wallAheadMs = 0): Observation {
  const startedAtMs = fullObservation.observedAtMs + seconds * 1000 + wallAheadMs;
  const sections = Object.entries(fullObservation.sections).map(([name, reading]) => [
    name,
    {
      ...reading,
      observedAtMs: startedAtMs,
      value: { ...reading.value, ...values[name as keyof Values] },
    },
  ]);
  return {
    ...fullObservation,
    rounds: 100 + seconds,
    observedAtMs: startedAtMs + 200,
    observedAtMonotonicMs: 1_000_000 + seconds * 1000 + 200,
    sections: Object.fromEntries(sections),
  };
}
