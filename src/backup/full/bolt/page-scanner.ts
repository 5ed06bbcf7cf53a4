import {
  type BoltMeta,
  BRANCH_PAGE,
  ELEMENT_BYTES,
  HEAD_BYTES,
  LEAF_PAGE,
  newestMeta,
  PAGE_HEADER_BYTES,
} from '../../../datadir/bolt/page.ts';
import { readLeaf } from './leaf.ts';
import { PageTable } from './page-table.ts';

/**
 * A node of the tree is never larger than two values and the rest of a page. What claims to be more is not read: where it
 * counts after all, the one that walks the tree says so.
 */
const LARGEST_NODE_BYTES = 512 * 2 ** 20;

/** What is held back at most in a buffer that is not needed at the moment. */
const KEPT_BYTES = 2 ** 20;

interface OpenPage {
  readonly page: number;
  readonly fromByte: number;
  readonly toByte: number;
}

/**
 * Reads the pages of a bbolt file as its bytes pass by, once and in order. Free pages are read like the others, since they
 * are known as free only at the end; so a page is never skipped because one before it claims it as its overflow. Holds back
 * no more than the largest node.
 */
export class PageScanner {
  #meta: BoltMeta | undefined;
  #table: PageTable | undefined;
  #kubernetes = false;
  #held: Buffer = Buffer.alloc(0);
  #heldUsed = 0;
  /** Offset in the file of the first byte that is held back. */
  #heldFromByte = 0;
  #nextByte = 0;
  #open: readonly OpenPage[] = [];

  /** Undefined until the meta pages have passed by, and where there is none that is whole. */
  get meta(): BoltMeta | undefined {
    return this.#meta;
  }

  get table(): PageTable | undefined {
    return this.#table;
  }

  /** Whether anything below `/registry/` has passed by so far, be it in a free page. */
  get kubernetes(): boolean {
    return this.#kubernetes;
  }

  /** The next bytes of the file. */
  write(chunk: Buffer): void {
    const held = this.#heldUsed > 0;
    const bytes = held ? this.#holdBack(chunk) : chunk;
    if (this.#meta === undefined && bytes.length < HEAD_BYTES && this.#heldFromByte === 0) {
      if (!held) this.#holdBack(bytes);
      return;
    }
    if (this.#meta === undefined && this.#heldFromByte === 0) this.#begin(bytes);
    this.#keep(bytes, held, this.#scan(bytes));
  }

  /** The file has ended; a file of less than a few pages is read only now. */
  end(): void {
    if (this.#meta !== undefined) return;
    const bytes = this.#held.subarray(0, this.#heldUsed);
    this.#begin(bytes);
    this.#scan(bytes);
  }

  #begin(head: Buffer): void {
    this.#meta = newestMeta(head);
    if (this.#meta !== undefined) this.#table = new PageTable(this.#meta.pages);
  }

  /** Reads what is whole by now; gives the place in `bytes` from which on it is still needed. */
  #scan(bytes: Buffer): number {
    // Without a meta page it is no database. That is said when it is asked what is in it.
    if (this.#meta === undefined) return bytes.length;
    const { pageBytes } = this.#meta;
    const endByte = this.#heldFromByte + bytes.length;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (; this.#nextByte + pageBytes <= endByte; this.#nextByte += pageBytes) {
      this.#examine(bytes, view, this.#nextByte, pageBytes);
    }
    let neededFromByte = this.#nextByte;
    for (const open of this.#open) {
      if (open.toByte <= endByte) this.#read(bytes, view, open);
      else neededFromByte = Math.min(neededFromByte, open.fromByte);
    }
    if (this.#open.length > 0) this.#open = this.#open.filter(({ toByte }) => toByte > endByte);
    return neededFromByte - this.#heldFromByte;
  }

  /** Looks at what may be the first page of a node; reads it, or remembers to when all of it is there. */
  #examine(bytes: Buffer, view: DataView, fromByte: number, pageBytes: number): void {
    const at = fromByte - this.#heldFromByte;
    const page = fromByte / pageBytes;
    // A page states its number: what does not is the rest of another page, or was never written.
    if (view.getUint32(at, true) !== page % 2 ** 32 || view.getUint32(at + 4, true) !== Math.floor(page / 2 ** 32))
      return;
    const flags = view.getUint16(at + 8, true);
    const count = view.getUint16(at + 10, true);
    if ((flags !== BRANCH_PAGE && flags !== LEAF_PAGE) || page >= (this.#table?.pages ?? 0)) return;
    const toByte = fromByte + (1 + view.getUint32(at + 12, true)) * pageBytes;
    if (toByte - fromByte > LARGEST_NODE_BYTES || toByte > (this.#table?.pages ?? 0) * pageBytes) return;
    if (PAGE_HEADER_BYTES + count * ELEMENT_BYTES > toByte - fromByte) return;
    if (toByte === fromByte + pageBytes) this.#read(bytes, view, { page, fromByte, toByte });
    else this.#open = [...this.#open, { page, fromByte, toByte }];
  }

  #read(bytes: Buffer, view: DataView, { page, fromByte }: OpenPage): void {
    const at = fromByte - this.#heldFromByte;
    const count = view.getUint16(at + 10, true);
    try {
      if (view.getUint16(at + 8, true) === BRANCH_PAGE) {
        this.#table?.setBranch(page, readChildren(view, at, count));
      } else {
        const leaf = readLeaf(bytes, view, at, count);
        this.#kubernetes ||= leaf.revisions.kubernetes;
        this.#table?.setLeaf(page, leaf);
      }
    } catch (error) {
      // It points at what is outside of it: the remains of a page that is free. One that counts is missed at the end.
      if (!(error instanceof RangeError)) throw error;
    }
  }

  /** Adds a chunk to what is held back; gives all of it. */
  #holdBack(chunk: Buffer): Buffer {
    const used = this.#heldUsed + chunk.length;
    if (used > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.max(used, 2 * this.#held.length));
      this.#held.copy(larger, 0, 0, this.#heldUsed);
      this.#held = larger;
    }
    chunk.copy(this.#held, this.#heldUsed);
    this.#heldUsed = used;
    return this.#held.subarray(0, used);
  }

  /** Holds back what stands from `from` on, and forgets the rest. */
  #keep(bytes: Buffer, held: boolean, from: number): void {
    this.#heldFromByte += from;
    if (!held) {
      this.#heldUsed = 0;
      if (from < bytes.length) this.#holdBack(bytes.subarray(from));
      return;
    }
    if (from === 0) return;
    bytes.copy(this.#held, 0, from);
    this.#heldUsed = bytes.length - from;
    // Nothing large is kept for the case that another large value comes.
    if (this.#heldUsed === 0 && this.#held.length > KEPT_BYTES) this.#held = Buffer.alloc(0);
  }
}

function readChildren(view: DataView, at: number, count: number): Uint32Array {
  const children = new Uint32Array(count);
  for (let i = 0; i < count; i += 1) {
    children[i] = view.getUint32(at + PAGE_HEADER_BYTES + i * ELEMENT_BYTES + 8, true);
  }
  return children;
}
