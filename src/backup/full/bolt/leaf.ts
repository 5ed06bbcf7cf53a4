import { BUCKET_BYTES, BUCKET_ENTRY, ELEMENT_BYTES, PAGE_HEADER_BYTES } from '../../../datadir/bolt/page.ts';
import type { BucketEntry, Leaf, LeaseEntry } from './page-table.ts';

/** Length of a key in etcd's key bucket: revision (8 bytes, big-endian), `_`, place within the revision (8 bytes). */
const REVISION_BYTES = 17;
/** A deletion has a `t` behind it. */
const TOMBSTONE_BYTES = 18;
const UNDERSCORE = 0x5f;
const LEASE_ID_BYTES = 8;
const REGISTRY = Buffer.from('/registry/');
const KEY_FIELD = 0x0a;
const CREATE_REVISION_FIELD = 0x10;
const MOD_REVISION_FIELD = 0x18;
const LEASE_TTL_FIELD = 0x10;

/** Entries of etcd's small buckets that are worth keeping; their values are short. */
const NAMES: ReadonlySet<string> = new Set([
  'authEnabled',
  'authRevision',
  'consistent_index',
  'finishedCompactRev',
  'scheduledCompactRev',
  'storageVersion',
  'term',
]);
const LONGEST_NAME = Math.max(...[...NAMES].map((name) => name.length));
const LONGEST_VALUE = 64;

const NO_BUCKETS: readonly BucketEntry[] = [];
const NO_LEASES: readonly LeaseEntry[] = [];
const NOTHING_NAMED: ReadonlyMap<string, Buffer> = new Map();

/**
 * Reads a leaf page, with its overflow. Which bucket it is of is not known, so it takes the entries for what they look like:
 * the one that walks the tree tells which of it counts.
 * @param view of the same bytes as `page`
 */
export function readLeaf(page: Buffer, view: DataView, at: number, count: number): Leaf {
  let puts = 0;
  let creations = 0;
  let lastRevision = 0;
  let kubernetes = false;
  let buckets: BucketEntry[] | undefined;
  let leases: LeaseEntry[] | undefined;
  let named: Map<string, Buffer> | undefined;
  for (let i = 0; i < count; i += 1) {
    const element = at + PAGE_HEADER_BYTES + i * ELEMENT_BYTES;
    const keyAt = element + view.getUint32(element + 4, true);
    const keyBytes = view.getUint32(element + 8, true);
    const valueAt = keyAt + keyBytes;
    const valueEnd = valueAt + view.getUint32(element + 12, true);
    if ((view.getUint32(element, true) & BUCKET_ENTRY) !== 0) {
      buckets ??= [];
      buckets.push(readBucket(page.toString('utf8', keyAt, valueAt), page.subarray(valueAt, valueEnd)));
    } else if ((keyBytes === REVISION_BYTES || keyBytes === TOMBSTONE_BYTES) && page[keyAt + 8] === UNDERSCORE) {
      lastRevision = view.getUint32(keyAt) * 2 ** 32 + view.getUint32(keyAt + 4);
      if (keyBytes === REVISION_BYTES) {
        puts += 1;
        if (isCreation(page, valueAt, valueEnd)) creations += 1;
        kubernetes ||= isOfKubernetes(page, valueAt, valueEnd);
      }
    } else if (keyBytes === LEASE_ID_BYTES) {
      const lease = readLease(page.readBigUInt64BE(keyAt), page, valueAt, valueEnd);
      if (lease !== undefined) {
        leases ??= [];
        leases.push(lease);
      }
    } else if (keyBytes <= LONGEST_NAME && valueEnd - valueAt <= LONGEST_VALUE) {
      const name = page.toString('latin1', keyAt, valueAt);
      if (NAMES.has(name)) {
        named ??= new Map();
        named.set(name, Buffer.from(page.subarray(valueAt, valueEnd)));
      }
    }
  }
  return {
    entries: count,
    revisions: { puts, creations, deletions: lastRevision === 0 ? 0 : count - puts, lastRevision, kubernetes },
    buckets: buckets ?? NO_BUCKETS,
    leases: leases ?? NO_LEASES,
    named: named ?? NOTHING_NAMED,
  };
}

function readBucket(name: string, value: Buffer): BucketEntry {
  const rootPage = Number(value.readBigUInt64LE(0));
  if (rootPage !== 0) return { name, rootPage };
  const inline = value.subarray(BUCKET_BYTES);
  const view = new DataView(inline.buffer, inline.byteOffset, inline.length);
  return { name, rootPage, inline: readLeaf(inline, view, 0, inline.readUInt16LE(10)) };
}

/** Whether a stored key-value pair brought its key into being: its create revision is its mod revision. */
function isCreation(page: Buffer, valueAt: number, valueEnd: number): boolean {
  // mvccpb.KeyValue, whose fields stand in the order of their numbers: key, create revision, mod revision.
  let at = valueAt;
  if (page[at] === KEY_FIELD) at = afterBytes(page, at + 1);
  if (page[at] !== CREATE_REVISION_FIELD) return false;
  let mod = at + 1;
  while (mod < valueEnd && (page[mod] ?? 0) >= 0x80) mod += 1;
  mod += 1;
  if (page[mod] !== MOD_REVISION_FIELD) return false;
  for (let create = at + 1; ; create += 1) {
    mod += 1;
    const byte = page[create];
    if (byte !== page[mod] || mod >= valueEnd) return false;
    if (byte === undefined || byte < 0x80) return true;
  }
}

function isOfKubernetes(page: Buffer, valueAt: number, valueEnd: number): boolean {
  if (page[valueAt] !== KEY_FIELD) return false;
  let at = valueAt + 1;
  while ((page[at] ?? 0) >= 0x80) at += 1;
  at += 1;
  if (page[at] !== REGISTRY[0] || at + REGISTRY.length > valueEnd) return false;
  return REGISTRY.compare(page, at, at + REGISTRY.length) === 0;
}

/** leasepb.Lease, where it is one: its first field is the id, which is also its key. */
function readLease(id: bigint, page: Buffer, valueAt: number, valueEnd: number): LeaseEntry | undefined {
  if (page[valueAt] !== 0x08) return undefined;
  const [storedId, ttlAt] = readVarint(page, valueAt + 1, valueEnd);
  if (storedId !== id) return undefined;
  if (page[ttlAt] !== LEASE_TTL_FIELD || ttlAt >= valueEnd) return { id, ttlSeconds: 0 };
  return { id, ttlSeconds: Number(readVarint(page, ttlAt + 1, valueEnd)[0]) };
}

function readVarint(page: Buffer, from: number, end: number): readonly [value: bigint, next: number] {
  let value = 0n;
  let shift = 0n;
  for (let at = from; at < end; at += 1) {
    const byte = page[at] ?? 0;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return [BigInt.asUintN(64, value), at + 1];
    shift += 7n;
  }
  return [value, end];
}

/** Where a field of bytes ends, whose length stands at `at`. */
function afterBytes(page: Buffer, from: number): number {
  let length = 0;
  let scale = 1;
  for (let at = from; at < from + 5; at += 1) {
    const byte = page[at] ?? 0;
    length += (byte & 0x7f) * scale;
    if (byte < 0x80) return at + 1 + length;
    scale *= 128;
  }
  return from;
}
