import { catalogueOf, type SegmentEntry } from '../chain/catalogue.ts';
import { type FullName, timeOfName } from '../names.ts';
import type { StoredObject } from '../store/store.ts';

/** A full snapshot, and the segments that lead on from it to the next one. */
export interface RetainedChain {
  readonly name: FullName;
  /** When it was begun, by its name. */
  readonly timeMs: number;
  readonly manifest: StoredObject;
  readonly snapshot: StoredObject;
  /** One that reaches over the next full snapshot is of both. */
  readonly segments: readonly SegmentEntry[];
}

/** A timeline's objects, sorted out. */
export interface RetainedObjects {
  /** Ascending by revision. */
  readonly chains: readonly RetainedChain[];
  /** Snapshots that have no manifest. */
  readonly unconfirmed: readonly StoredObject[];
  /** Manifests whose snapshot is missing. */
  readonly hollow: readonly StoredObject[];
  /** Segments that no full snapshot comes before. */
  readonly rootless: readonly SegmentEntry[];
  /** Marks, claims, and whatever else lies there. */
  readonly others: readonly StoredObject[];
}

const SNAPSHOT = /^full\/(\d{8}T\d{6}Z)-([0-9a-z]+)\.snap\.zst(?:\.age)?$/;

/** Sorts out what lies in a timeline. */
export function sortOut(objects: readonly StoredObject[]): RetainedObjects {
  const catalogue = catalogueOf(objects);
  const byKey = new Map(objects.map((object) => [object.key, object]));
  const snapshots = new Map<string, StoredObject>();
  const others: StoredObject[] = [];
  for (const object of catalogue.others) {
    const match = SNAPSHOT.exec(object.key);
    if (match === null) others.push(object);
    else snapshots.set(`${match[1]}-${match[2]}`, object);
  }
  const hollow: StoredObject[] = [];
  const whole: Omit<RetainedChain, 'segments'>[] = [];
  for (const { key, name } of catalogue.fulls) {
    const manifest = byKey.get(key);
    const snapshot = snapshots.get(`${name.time}-${name.id}`);
    if (manifest === undefined) continue;
    if (snapshot === undefined) hollow.push(manifest);
    else whole.push({ name, timeMs: timeOfName(name.time), manifest, snapshot });
    snapshots.delete(`${name.time}-${name.id}`);
  }
  const first = whole[0]?.name.revision;
  return {
    chains: whole.map((chain, index) => ({
      ...chain,
      segments: between(catalogue.segments, chain.name.revision, whole[index + 1]?.name.revision),
    })),
    unconfirmed: [...snapshots.values()],
    hollow,
    rootless: catalogue.segments.filter(({ name }) => first === undefined || name.to <= first),
    others,
  };
}

/** Segments that hold anything after one revision, up to the other one. */
function between(segments: readonly SegmentEntry[], after: bigint, upTo: bigint | undefined): readonly SegmentEntry[] {
  return segments.filter(({ name }) => name.to > after && (upTo === undefined || name.from <= upTo));
}
