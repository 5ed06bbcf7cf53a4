/** The largest time that a Date can hold, in ms from the epoch either way (ECMA-262, time values). */
const furthestMs = 8.64e15;

/** A time that somebody else wrote down, to the second in UTC: `2026-01-01T12:00:00Z`. Never throws. */
export function formatInstant(atMs: number | '+Inf'): string {
  const known = atMs === '+Inf' ? furthestMs : Number.isNaN(atMs) ? 0 : atMs;
  const iso = new Date(Math.max(-furthestMs, Math.min(furthestMs, known))).toISOString();
  return iso.replace(/\.\d+Z$/, 'Z');
}
