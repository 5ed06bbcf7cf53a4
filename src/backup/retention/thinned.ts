import type { RevisionRange } from '../chain.ts';
import { joined, without } from '../ranges.ts';
import type { Store, StoredObject } from '../store/store.ts';
import type { RetainedObjects } from './chains.ts';
import { unlessDenied } from './unless-denied.ts';

const THINNED = 'thinned/';

/**
 * Key of the record that retention took these revisions away between chains that stay. The name says all; what is in the
 * object is for people.
 */
export function thinnedKey({ from, to }: RevisionRange): string {
  return `${THINNED}${digits(from)}-${digits(to)}.json`;
}

/** The revisions that a record tells of; undefined where the object is none. */
export function parseThinned(key: string): RevisionRange | undefined {
  const match = /^thinned\/(\d{19})-(\d{19})\.json$/.exec(key);
  if (match === null) return undefined;
  const [, from = '', to = ''] = match;
  return { from: BigInt(from), to: BigInt(to) };
}

/**
 * Writes the records that are not there yet; gives the keys of those that the store does not take. Throws what the store does, but
 * for `STORE_DENIED`.
 * @param objects what is there
 */
export async function writeThinned(
  store: Store,
  ranges: readonly RevisionRange[],
  objects: readonly StoredObject[],
  nowMs: number,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const there = new Set(objects.map(({ key }) => key));
  const denied: string[] = [];
  for (const { from, to } of ranges) {
    const key = thinnedKey({ from, to });
    if (there.has(key)) continue;
    const text = { from: String(from), to: String(to), at: new Date(nowMs).toISOString(), by: 'retention' };
    const body = Buffer.from(`${JSON.stringify(text, undefined, 2)}\n`);
    if (!(await unlessDenied(() => store.put(key, body, {}, signal)))) denied.push(key);
  }
  return denied;
}

/** The revisions that retention has taken away between chains that are there: one listing. Throws what the store does. */
export async function readThinned(store: Store, signal?: AbortSignal): Promise<readonly RevisionRange[]> {
  const objects: StoredObject[] = [];
  for await (const object of store.list(THINNED, {}, signal)) objects.push(object);
  return thinnedIn(objects);
}

/** The same of objects that were listed already. */
export function thinnedIn(objects: readonly StoredObject[]): readonly RevisionRange[] {
  return joined(objects.flatMap(({ key }) => parseThinned(key) ?? []));
}

/**
 * What the records must say once some chains have gone: all behind a full snapshot that goes, up to the next one, unless a
 * segment that stays holds it. So a segment of a chain that stays, and is lost, is in none. What no chain comes before needs no record.
 * @param goes whether the full snapshot with this id goes
 * @param stays whether a segment stays
 */
export function thinnedAfter(
  { chains, rootless, others }: RetainedObjects,
  goes: (id: string) => boolean,
  stays: (key: string) => boolean,
): readonly RevisionRange[] {
  const first = chains.find(({ name }) => !goes(name.id))?.name.revision;
  if (first === undefined) return [];
  const going = chains.flatMap(({ name }, index): readonly RevisionRange[] => {
    // Where no other one follows there is no end: the newest never goes.
    const next = chains[index + 1]?.name.revision;
    return goes(name.id) && next !== undefined ? [{ from: name.revision + 1n, to: next }] : [];
  });
  const held = [...chains.flatMap(({ segments }) => segments), ...rootless]
    .filter(({ key }) => stays(key))
    .map(({ name }) => name);
  return without([...thinnedIn(others), ...going], held).filter(({ to }) => to > first);
}

function digits(revision: bigint): string {
  return String(revision).padStart(19, '0');
}
