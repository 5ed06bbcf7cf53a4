import type { SegmentEntry } from './catalogue.ts';

/** So many of the newest segments say what was written lately. */
const NEWEST = 120;
const SECOND_MS = 1000;

/**
 * The most revisions a second that the newest segments of a timeline tell of: each holds what was written since the one before it was stored. By
 * the store's clock, and not where several were stored within a second. Undefined where there are fewer than two.
 * @param segments ascending by first revision
 */
export function highestWriteRate(segments: readonly SegmentEntry[]): number | undefined {
  const newest = segments.slice(-NEWEST);
  let highest: number | undefined;
  let before: SegmentEntry | undefined;
  let revisions = 0n;
  for (const segment of newest) {
    if (before === undefined) {
      before = segment;
      continue;
    }
    revisions += segment.name.to - segment.name.from + 1n;
    const tookMs = segment.modifiedAtMs - before.modifiedAtMs;
    // What was merged later has a later time than what follows it.
    if (tookMs < SECOND_MS) continue;
    highest = Math.max(highest ?? 0, (Number(revisions) * SECOND_MS) / tookMs);
    before = segment;
    revisions = 0n;
  }
  return highest;
}
