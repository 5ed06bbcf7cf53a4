import { readSync } from 'node:fs';
import {
  type BoltMeta,
  BRANCH_PAGE,
  BUCKET_BYTES,
  BUCKET_ENTRY,
  branchChildren,
  HEAD_BYTES,
  LEAF_PAGE,
  leafEntries,
  newestMeta,
} from '../../../datadir/bolt/page.ts';

/** More levels than any tree of pages has. */
const MOST_LEVELS = 64;
/** No node of etcd is larger; a page that claims more is damage. */
const LARGEST_NODE_BYTES = 1024 * 1024 * 1024;

/**
 * A database of etcd, or a snapshot of one, in a file that does not change: read by the tree, a page at a time, so that only pages
 * that count are looked at, and in the order of their keys. A page of the page cache takes two microseconds, so it does not
 * yield for one; whoever reads many does. All methods throw a plain `Error` where the file is not as etcd writes it.
 */
export class DatabaseFile {
  readonly #fd: number;
  readonly #meta: BoltMeta;
  #page: Buffer = Buffer.alloc(0);

  /** @param fd of whoever opened it, who closes it */
  constructor(fd: number) {
    this.#fd = fd;
    const head = Buffer.alloc(HEAD_BYTES);
    const meta = newestMeta(head.subarray(0, this.#read(head, 0)));
    if (meta === undefined) throw new Error('it has no meta page that is whole');
    this.#meta = meta;
  }

  /** The leaf pages of the bucket of keys, in the order of revisions. Each is good until the next one is asked for. */
  *keyLeaves(): Generator<Buffer, void, undefined> {
    const root = this.#keyBucket();
    if (Buffer.isBuffer(root)) yield root;
    else yield* this.#leavesBelow(root, 0);
  }

  /** The last of them; without reading the others. */
  lastKeyLeaf(): Buffer {
    const root = this.#keyBucket();
    if (Buffer.isBuffer(root)) return root;
    let page = this.#node(root);
    for (let level = 0; level < MOST_LEVELS; level += 1) {
      const last = childrenOf(page).at(-1);
      if (last === undefined) return page;
      page = this.#node(last);
    }
    throw inACircle();
  }

  *#leavesBelow(number: number, level: number): Generator<Buffer, void, undefined> {
    if (level > MOST_LEVELS) throw inACircle();
    const page = this.#node(number);
    const flags = page.readUInt16LE(8);
    if (flags === LEAF_PAGE) yield page;
    else if (flags === BRANCH_PAGE) for (const child of childrenOf(page)) yield* this.#leavesBelow(child, level + 1);
    else throw new Error(`page ${number} is not where it belongs`);
  }

  /** Where the bucket of keys begins; the page itself where it is so small that it stands in its entry. */
  #keyBucket(): number | Buffer {
    const root = this.#node(this.#meta.rootPage);
    if (root.readUInt16LE(8) !== LEAF_PAGE) throw new Error('its bucket of buckets is not where it belongs');
    for (const { flags, key, value } of leafEntries(root)) {
      if ((flags & BUCKET_ENTRY) === 0 || key.toString() !== 'key') continue;
      const begin = Number(value.readBigUInt64LE(0));
      return begin === 0 ? Buffer.from(value.subarray(BUCKET_BYTES)) : begin;
    }
    throw new Error('it has no bucket of keys');
  }

  /** A page with those that it goes on in, in a buffer that the next one is read into. */
  #node(number: number): Buffer {
    const { pageBytes, pages } = this.#meta;
    if (number >= pages) throw new Error(`page ${number} is beyond its ${pages} pages`);
    this.#grow(pageBytes);
    this.#exactly(this.#page.subarray(0, pageBytes), number * pageBytes);
    const bytes = (1 + this.#page.readUInt32LE(12)) * pageBytes;
    if (bytes > LARGEST_NODE_BYTES) throw new Error(`page ${number} claims ${bytes} bytes`);
    if (bytes > pageBytes) {
      this.#grow(bytes);
      this.#exactly(this.#page.subarray(0, bytes), number * pageBytes);
    }
    return this.#page.subarray(0, bytes);
  }

  #grow(bytes: number): void {
    if (this.#page.length < bytes) this.#page = Buffer.allocUnsafeSlow(bytes);
  }

  #exactly(into: Buffer, position: number): void {
    if (this.#read(into, position) < into.length) throw new Error(`it ends before byte ${position + into.length}`);
  }

  #read(into: Buffer, position: number): number {
    let done = 0;
    while (done < into.length) {
      const read = readSync(this.#fd, into, done, into.length - done, position + done);
      if (read === 0) break;
      done += read;
    }
    return done;
  }
}

/** Copied, since a page below is read into the same buffer. Empty for a leaf page. */
function childrenOf(page: Buffer): readonly number[] {
  return page.readUInt16LE(8) === BRANCH_PAGE ? branchChildren(page) : [];
}

function inACircle(): Error {
  return new Error('its pages run in a circle');
}
