import { AgentError } from '../../cluster/agent-error.ts';
import { type Catalogue, readCatalogue, type SegmentEntry } from '../chain/catalogue.ts';
import { pathFrom } from '../chain/path.ts';
import { restorePlans } from '../chain.ts';
import { BrokenObject } from '../restore/broken-object.ts';
import type { Decryption } from '../restore/decrypting.ts';
import { ChainFetch, type FetchedSegment } from '../restore/fetch-chain.ts';
import { fetchedRecords, termsOf } from '../restore/fetched-records.ts';
import { checkLastKeys } from '../restore/last-keys.ts';
import { replay } from '../restore/replay.ts';
import type { ScratchEtcd } from '../restore/scratch-etcd.ts';
import type { Store } from '../store/store.ts';

/** A store whose deltas may go further than what a survivor has. */
export interface DeltaSource {
  /** Its place is that of the timeline. */
  readonly store: Store;
  readonly decryption?: Decryption;
  /** Of the survivor, lower-case hex: segments of another cluster are not taken. */
  readonly clusterId: string;
}

/** Segments on this machine that go on from a revision, and those before it that say whether they are of the same history. */
export interface FetchedDeltas {
  /** The first one may begin before the revision that is asked for. */
  readonly segments: readonly FetchedSegment[];
  readonly lastRevision: bigint;
  /** How far the best chain of the store goes by itself. */
  readonly chainRevision: bigint;
}

/**
 * Brings what a store has after a revision. What is broken ends the way there. Throws what the store throws, and `IDENTITY_MISSING`.
 * @param folder where it goes
 */
export async function fetchDeltas(
  { store, decryption, clusterId }: DeltaSource,
  after: bigint,
  folder: string,
  signal: AbortSignal,
): Promise<FetchedDeltas> {
  const catalogue = await readCatalogue(store, signal);
  const fetch = new ChainFetch({ store, folder, ...(decryption && { decryption }) });
  const broken = new Set<string>();
  for (;;) {
    const { path, before } = wayFrom(catalogue, after, broken);
    try {
      const segments = await fetch.segments(before === undefined ? path.segments : [before, ...path.segments], signal);
      const foreign = segments.find(({ manifest }) => manifest.clusterId !== clusterId);
      if (foreign !== undefined) throw new BrokenObject(foreign.key, ofAnother(foreign, clusterId));
      const chainRevision = restorePlans(catalogue, undefined, broken)[0]?.lastRevision ?? 0n;
      return { segments, lastRevision: path.lastRevision, chainRevision };
    } catch (error) {
      if (!(error instanceof BrokenObject)) throw error;
      broken.add(error.key);
    }
  }
}

/**
 * Makes the deltas again behind what a survivor has; gives the newest revision then. Throws `REPLAY_DIVERGED` where the survivor has
 * something else in the revisions that both have: entries that nobody acknowledged, and other ones in their place in the majority that is
 * gone. Throws what `replay` does; the scratch is of no use then.
 */
export async function addDeltas(
  scratch: ScratchEtcd,
  { segments, lastRevision }: FetchedDeltas,
  decryption: Decryption | undefined,
  signal: AbortSignal,
): Promise<bigint> {
  const after = scratch.startRevision;
  if (lastRevision <= after) return after;
  const shared = segments.filter(({ manifest }) => manifest.firstRevision <= after);
  await checkLastKeys(scratch.client, fetchedRecords(shared, decryption), after, signal);
  let terms: ReturnType<typeof termsOf> | undefined;
  const { pipe, leases } = scratch;
  const made = await replay(
    fetchedRecords(segments, decryption),
    { pipe, leases, fromRevision: after, laterTerms: () => (terms ??= termsOf(segments, decryption)) },
    signal,
  );
  await checkLastKeys(scratch.client, fetchedRecords(segments.slice(-1), decryption), made.lastRevision, signal);
  return made.lastRevision;
}

function wayFrom({ segments }: Catalogue, after: bigint, broken: ReadonlySet<string>) {
  const whole = segments.filter(({ key }) => !broken.has(key));
  const path = pathFrom(whole, after);
  const isShared = ({ name }: SegmentEntry): boolean => name.from <= after && name.to >= after;
  // The path begins with one that reaches back only by chance.
  const before = path.segments.some(isShared) ? undefined : whole.find(isShared);
  return { path, before };
}

function ofAnother({ manifest }: FetchedSegment, clusterId: string): AgentError {
  return new AgentError(
    'OBJECT_DAMAGED',
    `It is of cluster ${manifest.clusterId}, and what is recovered is of ${clusterId}.`,
    { remedy: 'Name the store, cluster and timeline of the cluster that is recovered.' },
  );
}
