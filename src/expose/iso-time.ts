/** The largest time that a Date can hold, in ms from the epoch either way (ECMA-262, time values). */
const furthestMs = 8.64e15;

/**
 * A wall clock as ISO 8601 in UTC. Times of the journal were written by others: one that no calendar has becomes the
 * nearest that has one, and must not break a whole reply.
 */
export function isoTime(atMs: number): string {
  return new Date(Math.max(-furthestMs, Math.min(furthestMs, Number.isNaN(atMs) ? 0 : atMs))).toISOString();
}
