/**
 * How bbolt lays a database out, as far as a reader needs it: a row of pages of one size; what one page does not suffice for goes on in
 * those behind it (its overflow). All numbers are little-endian.
 *
 * The format: https://github.com/etcd-io/bbolt/blob/main/internal/common/page.go
 */

export const PAGE_HEADER_BYTES = 16;
/** Of an entry in the table at the beginning of a branch or leaf page. */
export const ELEMENT_BYTES = 16;
/** What stands before the page of a bucket that is so small that it has none of its own, and all of a bucket that has pages of its own. */
export const BUCKET_BYTES = 16;
export const BRANCH_PAGE = 0x01;
export const LEAF_PAGE = 0x02;
/** Flag of a leaf's entry whose value is a bucket. */
export const BUCKET_ENTRY = 0x01;

const MAGIC = 0xed0cdaed;
const VERSION = 2;
const META_BYTES = 64;
const SUMMED_BYTES = 56;
const SMALLEST_PAGE_BYTES = 512;
const LARGEST_PAGE_BYTES = 65_536;

/** So much of a file's beginning holds both meta pages, whatever the size of a page. */
export const HEAD_BYTES = LARGEST_PAGE_BYTES + PAGE_HEADER_BYTES + META_BYTES;

/** What a meta page says. */
export interface BoltMeta {
  readonly pageBytes: number;
  /** The page at which the bucket of buckets begins. */
  readonly rootPage: number;
  /** Pages in the file, also those that are free. */
  readonly pages: number;
  readonly transaction: bigint;
}

/** The newest meta page that is whole, from the first `HEAD_BYTES` of a file; undefined where there is none. */
export function newestMeta(head: Buffer): BoltMeta | undefined {
  let newest = readMeta(head, 0);
  // The second one stands one page further on; where the first one is torn, its size of a page is not to be trusted.
  for (let pageBytes = SMALLEST_PAGE_BYTES; pageBytes <= LARGEST_PAGE_BYTES; pageBytes *= 2) {
    const meta = readMeta(head, pageBytes);
    if (meta?.pageBytes === pageBytes && (newest === undefined || meta.transaction > newest.transaction)) newest = meta;
  }
  return newest;
}

function readMeta(file: Buffer, pageAt: number): BoltMeta | undefined {
  const at = pageAt + PAGE_HEADER_BYTES;
  if (file.length < at + META_BYTES) return undefined;
  if (file.readUInt32LE(at) !== MAGIC || file.readUInt32LE(at + 4) !== VERSION) return undefined;
  if (file.readBigUInt64LE(at + SUMMED_BYTES) !== fnv64a(file.subarray(at, at + SUMMED_BYTES))) return undefined;
  return {
    pageBytes: file.readUInt32LE(at + 8),
    rootPage: Number(file.readBigUInt64LE(at + 16)),
    pages: Number(file.readBigUInt64LE(at + 40)),
    transaction: file.readBigUInt64LE(at + 48),
  };
}

/** FNV-1a of 64 bits. */
function fnv64a(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

/** One entry of a leaf page; key and value are views of the page. */
export interface LeafEntry {
  readonly flags: number;
  readonly key: Buffer;
  readonly value: Buffer;
}

/** The entries of a leaf page. Throws `RangeError` where one is outside of it. */
export function* leafEntries(page: Buffer): Generator<LeafEntry, void, undefined> {
  const count = page.readUInt16LE(10);
  for (let index = 0; index < count; index += 1) {
    const at = PAGE_HEADER_BYTES + index * ELEMENT_BYTES;
    const keyAt = at + page.readUInt32LE(at + 4);
    const valueAt = keyAt + page.readUInt32LE(at + 8);
    const valueEnd = valueAt + page.readUInt32LE(at + 12);
    if (valueEnd > page.length) throw new RangeError('an entry ends outside of its page');
    yield { flags: page.readUInt32LE(at), key: page.subarray(keyAt, valueAt), value: page.subarray(valueAt, valueEnd) };
  }
}

/** Numbers of the pages below a branch page. Throws `RangeError` where it is cut off. */
export function branchChildren(page: Buffer): readonly number[] {
  return Array.from({ length: page.readUInt16LE(10) }, (_, index) =>
    Number(page.readBigUInt64LE(PAGE_HEADER_BYTES + index * ELEMENT_BYTES + 8)),
  );
}
