import { AgentError } from '../../cluster/agent-error.ts';
import type { Catalogue, FullEntry, SegmentEntry } from '../chain/catalogue.ts';
import { pathFrom } from '../chain/path.ts';
import { newestNamed, restorePlans } from '../chain.ts';
import type { FullManifest } from '../manifest.ts';

/** Where the keyspace as of a point is read from: a full snapshot, up to that point, and what follows it. */
export interface StateSource {
  readonly full: FullEntry;
  readonly segments: readonly SegmentEntry[];
}

/** How two points are compared. */
export interface DiffPlan {
  readonly start: StateSource;
  /**
   * `segments`: they hold every change in between, so that only keys that they name are looked up at the start. `states`:
   * some change in between is not in the store, so all keys of both points are compared.
   */
  readonly between:
    | { readonly kind: 'segments'; readonly segments: readonly SegmentEntry[] }
    | { readonly kind: 'states'; readonly end: StateSource };
}

export interface DiffPlanOptions {
  readonly catalogue: Catalogue;
  /** Keys of objects that were found broken. */
  readonly broken: ReadonlySet<string>;
  readonly manifestOf: (entry: FullEntry) => Promise<FullManifest>;
}

/** Throws `REVISION_NOT_AVAILABLE`, and what reading a manifest throws. */
export async function planDiff(from: bigint, to: bigint, options: DiffPlanOptions): Promise<DiffPlan> {
  const start = await sourceOf(from, options);
  const { segments, lastRevision } = pathFrom(usableSegments(options), from, to);
  if (lastRevision >= to) return { start, between: { kind: 'segments', segments } };
  return { start, between: { kind: 'states', end: await sourceOf(to, options) } };
}

async function sourceOf(revision: bigint, options: DiffPlanOptions): Promise<StateSource> {
  const { catalogue, broken, manifestOf } = options;
  const segments = usableSegments(options);
  const fulls = catalogue.fulls.filter(({ key }) => !broken.has(key));
  for (const full of fulls.filter(({ name }) => name.revision <= revision).toReversed()) {
    const path = pathFrom(segments, full.name.revision, revision);
    if (path.lastRevision >= revision) return { full, segments: path.segments };
  }
  // A later one holds all that happened since its compaction.
  for (const full of fulls.filter(({ name }) => name.revision > revision)) {
    if ((await manifestOf(full)).compactRevision <= revision) return { full, segments: [] };
  }
  throw notAvailable(revision, options);
}

function usableSegments({ catalogue, broken }: DiffPlanOptions): readonly SegmentEntry[] {
  return catalogue.segments.filter(({ key }) => !broken.has(key));
}

function notAvailable(revision: bigint, { catalogue, broken }: DiffPlanOptions): AgentError {
  const newest = newestNamed(catalogue);
  const oldest = catalogue.fulls.find(({ key }) => !broken.has(key))?.name.revision;
  const why =
    oldest === undefined
      ? 'there is no full snapshot that is whole'
      : revision < oldest
        ? `the oldest full snapshot is at ${oldest}, and was compacted after it`
        : revision > newest
          ? `the newest revision in the store is ${newest}`
          : 'a part of the way there is missing or damaged';
  const [nearest] = restorePlans(catalogue, revision, broken);
  const remedy =
    nearest !== undefined
      ? `The newest revision before it that is known is ${nearest.lastRevision}.`
      : oldest === undefined
        ? 'Check the URL of the store, and with `backup list` the cluster and the timeline.'
        : `Ask for revision ${oldest} or a later one.`;
  return new AgentError('REVISION_NOT_AVAILABLE', `The keys at revision ${revision} are not known: ${why}.`, {
    remedy,
  });
}
