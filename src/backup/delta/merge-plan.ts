import type { SegmentEntry } from '../chain/catalogue.ts';
import { supersededOf } from '../chain.ts';
import { levelOf } from './segment-id.ts';

/** Beyond this level nothing is merged: an id has one digit for it. */
const MAX_LEVEL = 9;

export interface MergeLimits {
  /** What has lain in the store for less than this is left alone: its writer may still be at it. */
  readonly minAgeMs: number;
  /** How much (as stored) the segments of one merged object have at most. It is held in memory while it is made. */
  readonly maxBytes: number;
  /** So many of one level make one of the next. */
  readonly fanIn: number;
}

/** At an interval of a second: objects of half a minute, of a quarter of an hour, of nine hours; below 200 at any time. */
export const DEFAULT_MERGE_LIMITS: MergeLimits = { minAgeMs: 60_000, maxBytes: 16 * 1024 * 1024, fanIn: 32 };

/** Segments that are to become one. */
export interface MergePlan {
  /** In the order in which they are read; no gap between them. */
  readonly segments: readonly SegmentEntry[];
  /** Of what they become. */
  readonly level: number;
}

/**
 * The next segments to merge, oldest first: neighbours of one level (or below it), without a gap, either enough of them or so much
 * that no more fit. Undefined where there is nothing to do. What another one holds whole is no part of it.
 * @param segments ascending by first revision
 * @param excluded keys that must be left alone, and that nothing may be merged across
 */
export function nextMerge(
  segments: readonly SegmentEntry[],
  nowMs: number,
  limits: MergeLimits,
  excluded: ReadonlySet<string> = new Set(),
): MergePlan | undefined {
  const superseded = new Set(supersededOf({ segments }));
  const left = segments.filter((segment) => !superseded.has(segment));
  const old = left.filter(({ modifiedAtMs }) => nowMs - modifiedAtMs >= limits.minAgeMs);
  for (let level = 0; level < MAX_LEVEL; level += 1) {
    for (const run of runsOf(old, level, limits, excluded)) {
      const chosen = firstFull(run, level, limits);
      if (chosen !== undefined) return { segments: chosen, level: level + 1 };
    }
  }
  return undefined;
}

/** Neighbours without a gap that are of this level or below it. */
function* runsOf(
  segments: readonly SegmentEntry[],
  level: number,
  { maxBytes }: MergeLimits,
  excluded: ReadonlySet<string>,
): Generator<readonly SegmentEntry[]> {
  let run: SegmentEntry[] = [];
  for (const segment of segments) {
    const last = run.at(-1);
    // One that is large already would only be written once more.
    const fits = levelOf(segment.name.id) <= level && segment.bytes <= maxBytes / 2 && !excluded.has(segment.key);
    if (last !== undefined && (!fits || segment.name.from > last.name.to + 1n)) {
      yield run;
      run = [];
    }
    if (fits) run.push(segment);
  }
  if (run.length > 0) yield run;
}

/** Those below the level come along where they lie between others, and count for nothing. */
function firstFull(
  run: readonly SegmentEntry[],
  level: number,
  { maxBytes, fanIn }: MergeLimits,
): readonly SegmentEntry[] | undefined {
  const chosen: SegmentEntry[] = [];
  let bytes = 0;
  let counted = 0;
  for (const segment of run) {
    if (bytes + segment.bytes > maxBytes) return chosen;
    chosen.push(segment);
    bytes += segment.bytes;
    if (levelOf(segment.name.id) === level) counted += 1;
    if (counted === fanIn) return chosen;
  }
  return undefined;
}
