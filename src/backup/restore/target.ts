import { AgentError } from '../../cluster/agent-error.ts';
import type { Catalogue, SegmentEntry } from '../chain/catalogue.ts';
import { MANIFEST_READ_BYTES } from '../delta/manifest-frames.ts';
import { readSegmentManifest } from '../delta/segment.ts';
import type { DeltaManifest } from '../manifest.ts';
import type { Store } from '../store/store.ts';
import { BrokenObject, brokenOr } from './broken-object.ts';
import type { Decryption } from './decrypting.ts';
import { readFullManifest } from './fetch-chain.ts';
import { storedRecords } from './stored-records.ts';

/** To which point a store is to be restored. */
export type RestoreTarget =
  | { readonly kind: 'latest' }
  | { readonly kind: 'revision'; readonly revision: bigint }
  /** As of then: what was seen until that time, and nothing later. */
  | { readonly kind: 'time'; readonly atMs: number }
  /** To the revision before the last one that deleted this key. */
  | { readonly kind: 'before-delete'; readonly key: Buffer };

/** The revision that a target comes to; undefined: the newest that there is. */
export interface ResolvedTarget {
  readonly revision: bigint | undefined;
  /** What is to be said of it, a sentence. */
  readonly note?: string;
}

export interface ResolveOptions {
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly decryption?: Decryption;
}

/** Throws `TARGET_TOO_OLD`, `DELETION_NOT_FOUND`, `IDENTITY_MISSING`, and what reading the store throws. */
export async function resolveTarget(
  target: RestoreTarget,
  options: ResolveOptions,
  signal: AbortSignal,
): Promise<ResolvedTarget> {
  switch (target.kind) {
    case 'latest':
      return { revision: undefined };
    case 'revision':
      return { revision: target.revision };
    case 'time':
      return await revisionAt(target.atMs, options, signal);
    case 'before-delete':
      return await beforeDelete(target.key, options, signal);
  }
}

/** The newest revision that had been seen by then: of the last segment or snapshot that had ended, or in the one after it. */
async function revisionAt(atMs: number, options: ResolveOptions, signal: AbortSignal): Promise<ResolvedTarget> {
  const { store, catalogue } = options;
  const full = await lastWhere(catalogue.fulls, async (entry) => {
    return (await readFullManifest(store, entry, signal)).manifest.endedAtMs <= atMs;
  });
  const segment = await lastWhere(catalogue.segments, async (entry) => {
    return (await segmentManifest(store, entry, signal)).endedAtMs <= atMs;
  });
  const revisions = [full?.name.revision, segment?.name.to].filter((revision) => revision !== undefined);
  const [ended] = revisions.toSorted((a, b) => (a > b ? -1 : 1));
  if (ended === undefined) throw tooOld(atMs);
  return { revision: await seenUntil(atMs, ended, options, signal) };
}

/** Goes on from a revision into the segment that follows it, as far as what is in there had been seen by then. */
async function seenUntil(atMs: number, ended: bigint, options: ResolveOptions, signal: AbortSignal): Promise<bigint> {
  const next = options.catalogue.segments.find(({ name }) => name.from <= ended + 1n && name.to > ended);
  if (next === undefined) return ended;
  let revision = ended;
  try {
    for await (const record of storedRecords(next, options, signal)) {
      if (record.kind === 'lease' || record.batch.revision <= ended) continue;
      const { seenAtMs } = record.batch;
      if (seenAtMs === undefined || seenAtMs > atMs) break;
      revision = record.batch.revision;
    }
  } catch (error) {
    // Of a broken one nothing can be restored either.
    if (brokenOr(next.key, error) instanceof BrokenObject) return ended;
    throw error;
  }
  return revision;
}

/** The last one for which it holds, where it holds for all before that one too: a few of them are asked. */
async function lastWhere<T>(entries: readonly T[], holds: (entry: T) => Promise<boolean>): Promise<T | undefined> {
  let [from, to] = [0, entries.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const entry = entries[middle];
    if (entry === undefined) break;
    try {
      if (await holds(entry)) from = middle + 1;
      else to = middle;
    } catch (error) {
      // Nothing is known of a broken one: the others tell enough.
      if (!(brokenOr('', error) instanceof BrokenObject)) throw error;
      return await lastWhere(entries.toSpliced(middle, 1), holds);
    }
  }
  return entries[from - 1];
}

async function segmentManifest(store: Store, { key }: SegmentEntry, signal: AbortSignal): Promise<DeltaManifest> {
  return (await readSegmentManifest(store.get(key, { fromByte: 0, toByte: MANIFEST_READ_BYTES }, signal), key))
    .manifest;
}

/** In the newest segment that deletes the key; all of it is read, since deletions stand anywhere. */
async function beforeDelete(key: Buffer, options: ResolveOptions, signal: AbortSignal): Promise<ResolvedTarget> {
  const { store, catalogue } = options;
  for (const entry of catalogue.segments.toSorted((a, b) => (a.name.to > b.name.to ? -1 : 1))) {
    let found: bigint | undefined;
    for await (const record of storedRecords(entry, options, signal)) {
      if (record.kind === 'lease') continue;
      const { revision, events } = record.batch;
      if (events.some((event) => event.type === 'delete' && event.key.equals(key))) found = revision;
    }
    if (found !== undefined) return { revision: found - 1n, note: `The key was deleted in revision ${found}.` };
  }
  throw new AgentError('DELETION_NOT_FOUND', `No segment in ${store.url} deletes the key ${shown(key)}.`, {
    remedy: 'Look with `backup history`; a deletion between two full snapshots without segments cannot be found.',
  });
}

function tooOld(atMs: number): AgentError {
  return new AgentError('TARGET_TOO_OLD', `There is no backup from before ${new Date(atMs).toISOString()}.`, {
    remedy: 'Look with `backup list` how far back the store goes.',
  });
}

/** Keys may hold anything. */
function shown(key: Buffer): string {
  return JSON.stringify(key.toString('utf8').slice(0, 200));
}
