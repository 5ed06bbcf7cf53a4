import { join } from 'node:path';
import type { EtcdBinaries } from '../../distribution/find-binaries.ts';
import { EtcdError } from '../../etcd/errors.ts';
import { readCatalogue } from '../chain/catalogue.ts';
import type { RestorePlan, RevisionRange } from '../chain.ts';
import type { FullManifest } from '../manifest.ts';
import type { Store } from '../store/store.ts';
import { BrokenObject, objectDamaged } from './broken-object.ts';
import { chooseChain } from './choose-chain.ts';
import type { Decryption } from './decrypting.ts';
import { ChainFetch, type FetchedChain } from './fetch-chain.ts';
import { fetchedRecords, termsOf } from './fetched-records.ts';
import { checkLastKeys } from './last-keys.ts';
import { type Replayed, replay } from './replay.ts';
import { ScratchEtcd } from './scratch-etcd.ts';
import { type RestoreTarget, resolveTarget } from './target.ts';
import { whileLeasesLast } from './while-leases-last.ts';

/** So many objects may be merged away under the eyes of one restore. */
const MOST_MOVED = 100;

/** How far a restore is; `total` counts what `done` does. */
export interface RestoreProgress {
  readonly phase: 'fetch' | 'start' | 'replay' | 'write';
  readonly done: number;
  readonly total: number;
}

export interface ScratchRestoreOptions {
  readonly store: Store;
  readonly target: RestoreTarget;
  readonly binaries: EtcdBinaries;
  readonly decryption?: Decryption;
  /** Everything is put there, and left there: whoever made it removes it. */
  readonly folder: string;
  /** Of the scratch etcd, 0 to 19. */
  readonly niceness?: number;
  readonly onProgress?: (progress: RestoreProgress) => void;
}

/** An object that the restore had to do without. */
export interface Avoided {
  readonly key: string;
  readonly code: string;
  readonly message: string;
}

/** What was brought back, and from what. */
export interface Restored {
  readonly full: FullManifest;
  readonly revision: bigint;
  readonly segments: number;
  /** Made again in the scratch etcd; undefined where the full snapshot was enough. */
  readonly replayed?: Replayed;
  /** Revisions that are in the store, or were, and could not be brought back. */
  readonly lost?: RevisionRange;
  readonly avoided: readonly Avoided[];
  /** What is to be said of the target. */
  readonly note?: string;
  readonly fetchMs: number;
  readonly startMs: number;
  readonly replayMs: number;
}

/** A chain on this machine, and where it was replayed, the scratch etcd that holds the result. */
export interface RestoredScratch {
  readonly restored: Restored;
  readonly snapshotFile: string;
  /** Undefined where the snapshot was enough and `always` was not asked for; whoever gets it closes it. */
  readonly scratch: ScratchEtcd | undefined;
}

/**
 * Brings a store's content back as of a target: chooses the chain, fetches and checks it, and replays what came after its full
 * snapshot. An object that is broken is avoided by another chain, which is begun anew. Throws `NO_BACKUP`,
 * `REVISION_NOT_AVAILABLE`, what resolving the target throws, `SCRATCH_FAILED`, `REPLAY_DIVERGED`, and what the store throws.
 * @param always a scratch etcd is wanted also where nothing is to be replayed
 */
export async function restoreIntoScratch(
  options: ScratchRestoreOptions,
  { always = false }: { readonly always?: boolean },
  signal: AbortSignal,
): Promise<RestoredScratch> {
  const { store, target, decryption, folder, onProgress } = options;
  const beganMs = performance.now();
  const listed = { store, catalogue: await readCatalogue(store, signal), ...(decryption && { decryption }) };
  const resolved = await resolveTarget(target, listed, signal);
  let { catalogue } = resolved;
  const avoided: Avoided[] = resolved.broken.map(({ key, code, message }) => ({ key, code, message }));
  let moved = 0;
  let fetchedBytes = 0;
  let totalBytes = 0;
  const fetch = new ChainFetch({
    store,
    folder,
    ...(decryption && { decryption }),
    onBytes: (bytes) => {
      fetchedBytes += bytes;
      onProgress?.({ phase: 'fetch', done: fetchedBytes, total: Math.max(totalBytes, fetchedBytes) });
    },
  });
  for (;;) {
    const broken = new Set(avoided.map(({ key }) => key));
    const plan = chooseChain({ catalogue, target, resolved, broken });
    const lost = lostOf(plan.lost, resolved.lost);
    try {
      totalBytes = fetchedBytes + (await bytesOf(store, plan, signal));
      const chain = await fetch.fetch(plan, signal);
      const fetchMs = performance.now() - beganMs;
      const goal = goalOf(plan, resolved.revision);
      const made = await whileLeasesLast(() => replayed(chain, plan.full.key, goal, options, always, signal));
      const restored: Restored = {
        full: chain.full,
        segments: chain.segments.length,
        avoided,
        fetchMs,
        ...made.times,
        revision: made.replayed?.lastRevision ?? chain.full.lastRevision,
        ...(made.replayed && { replayed: made.replayed }),
        ...(lost && { lost }),
        ...(resolved.note !== undefined && { note: resolved.note }),
      };
      return { restored, snapshotFile: chain.snapshotFile, scratch: made.scratch };
    } catch (error) {
      if (!(error instanceof BrokenObject) || broken.has(error.key)) throw error;
      if (error.code === 'STORE_NOT_FOUND') {
        catalogue = await readCatalogue(store, signal);
        const isThere = [...catalogue.fulls, ...catalogue.segments].some(({ key }) => key === error.key);
        moved += 1;
        // Merged with others, or let go by retention, since it was listed: by the new list there is another way.
        if (!isThere && moved <= MOST_MOVED) continue;
      }
      avoided.push({ key: error.key, code: error.code, message: error.message });
    }
  }
}

interface Made {
  readonly scratch: ScratchEtcd | undefined;
  readonly replayed?: Replayed;
  readonly times: Pick<Restored, 'startMs' | 'replayMs'>;
}

async function replayed(
  chain: FetchedChain,
  fullKey: string,
  toRevision: bigint,
  options: ScratchRestoreOptions,
  always: boolean,
  signal: AbortSignal,
): Promise<Made> {
  const { full, snapshotFile } = chain;
  const total = Number(toRevision - full.lastRevision);
  if (total <= 0 && !always) return { scratch: undefined, times: { startMs: 0, replayMs: 0 } };
  const beganMs = performance.now();
  options.onProgress?.({ phase: 'start', done: 0, total: 1 });
  const { binaries, folder, niceness = 0 } = options;
  const scratch = await ScratchEtcd.start(
    { binaries, snapshotFile, folder: join(folder, 'scratch'), niceness, hashChecked: true },
    signal,
  );
  try {
    if (scratch.startRevision > full.lastRevision) throw expired(scratch.startRevision, full.lastRevision);
    if (scratch.startRevision < full.lastRevision) {
      const what = `its content is at revision ${scratch.startRevision}, and not at ${full.lastRevision}`;
      throw new BrokenObject(fullKey, objectDamaged(full.object, what));
    }
    const startedMs = performance.now();
    const times = (): Made['times'] => ({ startMs: startedMs - beganMs, replayMs: performance.now() - startedMs });
    if (total <= 0) return { scratch, times: times() };
    let terms: ReturnType<typeof termsOf> | undefined;
    const made = await replay(
      fetchedRecords(chain.segments, options.decryption),
      {
        pipe: scratch.pipe,
        leases: scratch.leases,
        laterTerms: () => (terms ??= termsOf(chain.segments, options.decryption)),
        fromRevision: full.lastRevision,
        toRevision,
        onProgress: ({ revisions }) => options.onProgress?.({ phase: 'replay', done: revisions, total }),
      },
      signal,
    );
    if (made.lastRevision < toRevision) throw unfinished(chain, fullKey, made.lastRevision);
    await checkLastKeys(
      scratch.client,
      fetchedRecords(chain.segments.slice(-1), options.decryption),
      toRevision,
      signal,
    );
    return { scratch, replayed: made, times: times() };
  } catch (error) {
    await scratch.close();
    throw error;
  }
}

/** Nobody else writes to it: before its leases were kept, one of the snapshot's has expired, and with it its keys. */
function expired(startRevision: bigint, lastRevision: bigint): EtcdError {
  const message = `The scratch etcd is at revision ${startRevision}, and its snapshot at ${lastRevision}: a lease has expired.`;
  return new EtcdError('ETCD_LEASE_LOST', message, { remedy: 'Restore again, on a machine with more free CPU.' });
}

/** The chain claims to go further than what it holds. */
function unfinished({ segments }: FetchedChain, fullKey: string, lastRevision: bigint): BrokenObject {
  const claimed = segments.findLast(({ manifest }) => manifest.firstRevision <= lastRevision + 1n);
  const key = claimed?.key ?? fullKey;
  return new BrokenObject(key, objectDamaged(key, `it does not hold revision ${lastRevision + 1n}, which it claims`));
}

/** What the chain does not reach, and what was not even a goal since nothing holds it. */
export function lostOf(chain: RevisionRange | undefined, target: RevisionRange | undefined): RevisionRange | undefined {
  return chain === undefined || target === undefined ? (chain ?? target) : { from: chain.from, to: target.to };
}

function goalOf(plan: RestorePlan, revision: bigint | undefined): bigint {
  return revision === undefined || plan.lastRevision < revision ? plan.lastRevision : revision;
}

/** About what there is to fetch: the snapshot's size stands in its manifest, which is read later. */
async function bytesOf(store: Store, { full, segments }: RestorePlan, signal: AbortSignal): Promise<number> {
  const { time, id } = full.name;
  const heads = await Promise.all(
    ['.snap.zst', '.snap.zst.age'].map((ending) => store.head(`full/${time}-${id}${ending}`, signal)),
  );
  return [...heads, ...segments].reduce((sum, object) => sum + (object?.bytes ?? 0), 0);
}
