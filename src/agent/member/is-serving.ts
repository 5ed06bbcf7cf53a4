import type { Observation } from '../../cluster/observation.ts';

/** Whether the newest observation that is younger than this (monotonic, ms) has the own member serving. */
export function isServing({ sections, observedAtMonotonicMs }: Observation, sinceMs: number): boolean {
  const state = sections.member?.value?.state;
  return observedAtMonotonicMs > sinceMs && (state === 'healthy' || state === 'nospace');
}
