import { gapsOf } from '../chain.ts';
import { type DeltaName, type FullName, parseName } from '../names.ts';
import { byRevision } from '../revisions.ts';
import type { Store, StoredObject } from '../store/store.ts';

/** A full snapshot that has its manifest. */
export interface FullEntry {
  /** Of the manifest, which tells the snapshot's. */
  readonly key: string;
  readonly modifiedAtMs: number;
  readonly name: FullName;
}

/** A delta segment. */
export interface SegmentEntry {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAtMs: number;
  readonly name: DeltaName;
}

/** What a timeline holds, by its names alone. */
export interface Catalogue {
  /** Ascending by revision, the older one of two first. */
  readonly fulls: readonly FullEntry[];
  /** Ascending by first revision. */
  readonly segments: readonly SegmentEntry[];
  /** Everything else: snapshots, claims, what others have put there. */
  readonly others: readonly StoredObject[];
}

/** Puts objects of one timeline in order. Their keys are relative to it. */
export function catalogueOf(objects: Iterable<StoredObject>): Catalogue {
  const fulls: FullEntry[] = [];
  const segments: SegmentEntry[] = [];
  const others: StoredObject[] = [];
  for (const object of objects) {
    const { key, bytes, modifiedAtMs } = object;
    const name = parseName(key);
    if (name?.kind === 'full') fulls.push({ key, modifiedAtMs, name });
    else if (name?.kind === 'delta') segments.push({ key, bytes, modifiedAtMs, name });
    else others.push(object);
  }
  return {
    fulls: fulls.toSorted(
      (a, b) => byRevision(a.name.revision, b.name.revision) || (a.name.time < b.name.time ? -1 : 1),
    ),
    segments: segments.toSorted((a, b) => byRevision(a.name.from, b.name.from) || byRevision(a.name.to, b.name.to)),
    others,
  };
}

/** So often a timeline is listed until two listings agree. */
const MOST_LISTINGS = 5;

/**
 * Lists a timeline: two listings. While it is listed an agent may merge: the large segment then stands before the point that was
 * read already, and the small ones are gone behind it. So where something is missing, it is listed again until two listings
 * agree. Throws what the store does.
 */
export async function listObjects(store: Store, signal?: AbortSignal): Promise<readonly StoredObject[]> {
  let objects = await listOnce(store, signal);
  for (let listing = 1; listing < MOST_LISTINGS && gapsOf(catalogueOf(objects)).length > 0; listing += 1) {
    const again = await listOnce(store, signal);
    const before = new Set(objects.map(({ key }) => key));
    const agree = again.length === objects.length && again.every(({ key }) => before.has(key));
    objects = again;
    if (agree) break;
  }
  return objects;
}

/** As `listObjects`, in order. */
export async function readCatalogue(store: Store, signal?: AbortSignal): Promise<Catalogue> {
  return catalogueOf(await listObjects(store, signal));
}

/** Lists it once: what is missing may be there all the same. Throws what the store does. */
export async function glanceAtCatalogue(store: Store, signal?: AbortSignal): Promise<Catalogue> {
  return catalogueOf(await listOnce(store, signal));
}

async function listOnce(store: Store, signal: AbortSignal | undefined): Promise<readonly StoredObject[]> {
  const objects: StoredObject[] = [];
  for (const prefix of ['full/', 'delta/']) {
    for await (const object of store.list(prefix, {}, signal)) objects.push(object);
  }
  return objects;
}
