import type { SegmentEntry } from './catalogue.ts';

/** Segments in the order in which they are to be read, and how far they go. */
export interface Path {
  readonly segments: readonly SegmentEntry[];
  readonly lastRevision: bigint;
}

/**
 * The fewest segments that hold every revision after `start`, up to `goal` or as far as it goes without a gap. Of those that
 * go equally far the one of the higher epoch is taken, then the smaller one.
 * @param segments ascending by their first revision
 */
export function pathFrom(segments: readonly SegmentEntry[], start: bigint, goal?: bigint): Path {
  const path: SegmentEntry[] = [];
  let reached = start;
  let next = 0;
  let best: SegmentEntry | undefined;
  while (goal === undefined || reached < goal) {
    for (let segment = segments[next]; segment !== undefined && segment.name.from <= reached + 1n; ) {
      if (best === undefined || better(segment, best)) best = segment;
      next += 1;
      segment = segments[next];
    }
    if (best === undefined || best.name.to <= reached) break;
    path.push(best);
    reached = best.name.to;
  }
  return { segments: path, lastRevision: reached };
}

function better(a: SegmentEntry, b: SegmentEntry): boolean {
  if (a.name.to !== b.name.to) return a.name.to > b.name.to;
  if (a.name.epoch !== b.name.epoch) return a.name.epoch > b.name.epoch;
  return a.bytes < b.bytes;
}
