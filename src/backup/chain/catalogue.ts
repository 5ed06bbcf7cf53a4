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

/** Lists a timeline: two listings. Throws what the store does. */
export async function readCatalogue(store: Store, signal?: AbortSignal): Promise<Catalogue> {
  const objects: StoredObject[] = [];
  for (const prefix of ['full/', 'delta/']) {
    for await (const object of store.list(prefix, {}, signal)) objects.push(object);
  }
  return catalogueOf(objects);
}
