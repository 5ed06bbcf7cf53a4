import { Damage } from '../damage.ts';
import type { Database } from './database.ts';
import { BRANCH_PAGE, BUCKET_BYTES, BUCKET_ENTRY, branchChildren, type LeafEntry, leafEntries } from './page.ts';

/** More levels than any tree of pages has. */
const MOST_LEVELS = 64;

/** A bucket: the page at which it begins, or its only page where that stands in its entry. */
type Bucket = { readonly page: number } | { readonly inline: Buffer };

/** The buckets of a database by their names. Throws `Damage` where they cannot be read. */
export async function bucketsOf(database: Database): Promise<ReadonlyMap<string, Bucket>> {
  const buckets = new Map<string, Bucket>();
  for (const { flags, key, value } of await entriesBelow(database, database.meta.rootPage)) {
    if ((flags & BUCKET_ENTRY) === 0 || value.length < BUCKET_BYTES) continue;
    const page = Number(value.readBigUInt64LE(0));
    buckets.set(key.toString(), page === 0 ? { inline: value.subarray(BUCKET_BYTES) } : { page });
  }
  return buckets;
}

/**
 * Raft index of the last change in the database; 0 where nothing was ever applied to it. Throws `Damage` where the pages that say
 * it cannot be read.
 */
export async function consistentIndex(database: Database): Promise<bigint> {
  const meta = (await bucketsOf(database)).get('meta');
  if (meta === undefined) return 0n;
  const entries = 'inline' in meta ? readEntries(meta.inline) : await entriesBelow(database, meta.page);
  const entry = entries.find(({ key }) => key.toString() === 'consistent_index');
  return entry !== undefined && entry.value.length >= 8 ? entry.value.readBigUInt64BE(0) : 0n;
}

/** Of buckets that are small: all entries at once. */
async function entriesBelow(database: Database, page: number, level = 0): Promise<readonly LeafEntry[]> {
  if (level > MOST_LEVELS) throw new Damage('database', 'the pages of the database run in a circle');
  const node = await database.node(page);
  if (node.readUInt16LE(8) !== BRANCH_PAGE) return readEntries(node);
  const all: LeafEntry[] = [];
  for (const child of branchChildren(node)) all.push(...(await entriesBelow(database, child, level + 1)));
  return all;
}

function readEntries(page: Buffer): readonly LeafEntry[] {
  try {
    return [...leafEntries(page)];
  } catch (error) {
    if (error instanceof RangeError)
      throw new Damage('database', `a page of the database is overwritten: ${error.message}`);
    throw error;
  }
}
