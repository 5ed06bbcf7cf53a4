import type { Observation, Reading } from '../../cluster/observation.ts';

/** Nothing is waited for that long; what seems to have been is a clock that was set meanwhile. */
const LONGEST_MS = 60_000;

/**
 * When a reading of an observation began, on the monotonic clock of the agent's process, ms. That is what rates go by: when an observation is put
 * together hangs on who answers last.
 */
export function readAtMonotonicMs(
  { observedAtMs, observedAtMonotonicMs }: Pick<Observation, 'observedAtMs' | 'observedAtMonotonicMs'>,
  reading: Pick<Reading<unknown>, 'observedAtMs'>,
): number {
  const agoMs = observedAtMs - reading.observedAtMs;
  return observedAtMonotonicMs - (agoMs >= 0 && agoMs <= LONGEST_MS ? agoMs : 0);
}

/** When its newest round began, on the same clock. */
export function roundStartMonotonicMs(observation: Observation): number {
  const readings = Object.values(observation.sections);
  return readAtMonotonicMs(observation, { observedAtMs: Math.max(...readings.map((each) => each.observedAtMs)) });
}
