import { levelOf } from '../delta/segment-id.ts';
import type { SegmentEntry } from './catalogue.ts';

/** So many of the newest segments say what was written lately. */
const NEWEST = 120;
const SECOND_MS = 1000;

/**
 * The most revisions a second that the newest segments of a timeline tell of: each holds what was written since the one before it was stored. By
 * the store's clock, and not where several were stored within a second. Merged segments say it only where nothing else does: two that were merged
 * one after the other hold minutes of writes and have times a second apart, so that they say far too much. Undefined where there are fewer
 * than two.
 * @param segments ascending by first revision
 */
export function highestWriteRate(segments: readonly SegmentEntry[]): number | undefined {
  const newest = segments.slice(-NEWEST);
  return highestRate(newest, ({ name }) => levelOf(name.id) === 0) ?? highestRate(newest, () => true);
}

function highestRate(
  segments: readonly SegmentEntry[],
  counts: (segment: SegmentEntry) => boolean,
): number | undefined {
  let highest: number | undefined;
  let before: SegmentEntry | undefined;
  let revisions = 0n;
  for (const segment of segments) {
    if (!counts(segment)) {
      before = undefined;
      revisions = 0n;
      continue;
    }
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
