import type { Catalogue, FullEntry, SegmentEntry } from './chain/catalogue.ts';
import { pathFrom } from './chain/path.ts';
import { without } from './ranges.ts';
import { byRevision, highest } from './revisions.ts';

/** Revisions, both inclusive. */
export interface RevisionRange {
  readonly from: bigint;
  readonly to: bigint;
}

/** A full snapshot and the fewest segments that follow it without a gap, in the order in which they are to be read. */
export interface Chain {
  readonly full: FullEntry;
  readonly segments: readonly SegmentEntry[];
  /** How far it goes: the revision of the full one where no segment follows. */
  readonly lastRevision: bigint;
}

/** How a revision can be had again, or as near to it as there is. */
export interface RestorePlan extends Chain {
  /** Revisions that are asked for (or, for the newest, that the store has a name for) and that this plan cannot bring back. */
  readonly lost?: RevisionRange;
}

/** All chains, the one of the newest full snapshot first. Each goes as far as it can. */
export function chainsOf(catalogue: Catalogue): readonly Chain[] {
  return catalogue.fulls.map((full) => chainFrom(catalogue, full, undefined, NONE)).toReversed();
}

/**
 * The plans for a revision, the best one first: those that reach it, newest full snapshot first, then those that come
 * nearest. Empty where no full snapshot is old enough.
 * @param target absent: the newest revision that the store has a name for
 * @param broken keys of objects that were found damaged or missing: no plan uses them
 */
export function restorePlans(
  catalogue: Catalogue,
  target?: bigint,
  broken: ReadonlySet<string> = NONE,
): readonly RestorePlan[] {
  const goal = target ?? newestNamed(catalogue);
  const plans = catalogue.fulls
    .filter(({ key, name }) => name.revision <= goal && !broken.has(key))
    .map((full) => chainFrom(catalogue, full, goal, broken));
  return plans
    .toSorted(
      (a, b) =>
        byRevision(reachOf(b, goal), reachOf(a, goal)) || byRevision(b.full.name.revision, a.full.name.revision),
    )
    .map((chain) =>
      chain.lastRevision >= goal ? chain : { ...chain, lost: { from: chain.lastRevision + 1n, to: goal } },
    );
}

/**
 * Revisions that no segment holds although there are older and newer ones: none of them can be had again, except those at
 * which a full snapshot stands.
 * @param thinned revisions that retention took away: that they are not there is as it should be
 */
export function gapsOf(
  { fulls, segments }: Catalogue,
  thinned: readonly RevisionRange[] = [],
): readonly RevisionRange[] {
  const gaps: RevisionRange[] = [];
  let covered = fulls[0]?.name.revision;
  for (const { from, to } of merged(fulls, segments)) {
    if (covered !== undefined && from > covered + 1n) gaps.push({ from: covered + 1n, to: from - 1n });
    if (covered === undefined || to > covered) covered = to;
  }
  return without(gaps, thinned);
}

/** A full snapshot is read off a member, and what came just before it is still on its way to the store for so long at most. */
const ON_ITS_WAY_MS = 15 * 60_000;

/**
 * Revisions right before a young newest full snapshot that no segment holds yet: they are no gap as long as they may come.
 * @param nowMs wall clock, ms since 1970
 */
export function stillOnTheirWay({ fulls, segments }: Catalogue, nowMs: number): readonly RevisionRange[] {
  const newest = fulls.at(-1);
  const before = fulls.at(-2);
  if (newest === undefined || before === undefined || nowMs - newest.modifiedAtMs > ON_ITS_WAY_MS) return [];
  const reached = highest([before.name.revision, ...segments.map(({ name }) => name.to)]) ?? 0n;
  const range = { from: reached + 1n, to: newest.name.revision - 1n };
  return range.from <= range.to ? [range] : [];
}

/**
 * Segments whose revisions another single one holds as well: what a merge that was cut short left behind, or what two
 * writers wrote at once. Taking all of them away loses nothing.
 */
export function supersededOf({ segments }: Pick<Catalogue, 'segments'>): readonly SegmentEntry[] {
  const superseded: SegmentEntry[] = [];
  let widest: SegmentEntry | undefined;
  // By beginning, and the longer one first: whatever holds a segment comes before it.
  for (const segment of segments.toSorted(byRange)) {
    if (widest !== undefined && segment.name.to <= widest.name.to) superseded.push(segment);
    else widest = segment;
  }
  return superseded;
}

/** How far the store goes by its names, whether or not there is a way there; 0 where it is empty. */
export function newestNamed({ fulls, segments }: Catalogue): bigint {
  return highest([...fulls.map(({ name }) => name.revision), ...segments.map(({ name }) => name.to)]) ?? 0n;
}

const NONE: ReadonlySet<string> = new Set();

function chainFrom(
  { segments }: Catalogue,
  full: FullEntry,
  goal: bigint | undefined,
  broken: ReadonlySet<string>,
): Chain {
  const usable = broken.size === 0 ? segments : segments.filter(({ key }) => !broken.has(key));
  return { full, ...pathFrom(usable, full.name.revision, goal) };
}

/** Beyond the goal is no better than at it. */
function reachOf({ lastRevision }: Chain, goal: bigint): bigint {
  return lastRevision < goal ? lastRevision : goal;
}

function* merged(fulls: readonly FullEntry[], segments: readonly SegmentEntry[]): Generator<RevisionRange> {
  // A full snapshot is a place to begin from; what lies between the segment before it and it is a gap all the same.
  const ranges = [
    ...fulls.map(({ name: { revision } }) => ({ from: revision, to: revision })),
    ...segments.map(({ name }) => name),
  ];
  yield* ranges.toSorted((a, b) => byRevision(a.from, b.from));
}

function byRange(a: SegmentEntry, b: SegmentEntry): number {
  return (
    byRevision(a.name.from, b.name.from) || byRevision(b.name.to, a.name.to) || byRevision(b.name.epoch, a.name.epoch)
  );
}
