/** One zero byte: as the first key of a range the smallest key there is, as its end "everything from the key on". */
const ZERO: Buffer = Buffer.from([0]);

/** Bits by which the span widens at most between two pages with few keys. */
const MAX_WIDENING_BITS = 8;
/** A span is too wide when it has more keys than this, and this many times the page's. */
const TOO_MANY_KEYS = 8192;
const TOO_MANY_PAGES = 8;
/** It is too narrow when this many of its like fit into a page. */
const TOO_NARROW = 2;

/** The range of one page: from `key` to before `rangeEnd`, as etcd has it. */
export interface Span {
  readonly key: Buffer;
  readonly rangeEnd: Buffer;
}

/** What a page says about the keys of its span. */
export interface SpanPage {
  readonly limit: number;
  /** Keys in the whole span. */
  readonly count: number;
  readonly more: boolean;
  /** First and last key of the page, undefined when it is empty. */
  readonly first: Buffer | undefined;
  readonly last: Buffer | undefined;
}

/**
 * Walks over all keys in order, in spans that hold about as many keys as a page.
 *
 * Why not ask for everything behind the last key with a limit: for each page etcd visits every key of the range that was
 * asked for, to count them, under the lock that writes need too. With a million keys that is a quarter of a second for each
 * page, and the whole scan grows with the square of the number of keys.
 *
 * A span is the block of keys that share the first so many bits with the next key to be read. Few keys found: fewer bits;
 * too many: as many bits as the keys of that page had in common.
 */
export class KeySpan {
  #key = ZERO;
  #bits = 0;
  #widening = 0;
  #done = false;

  /** All keys have been walked over. */
  get done(): boolean {
    return this.#done;
  }

  /** The span to ask for next. */
  next(): Span {
    return { key: this.#key, rangeEnd: blockEnd(this.#key, this.#bits) };
  }

  /** Goes on behind what the page of the span `next()` gave has shown. */
  advance(page: SpanPage): void {
    if (page.more && page.last !== undefined) {
      if (page.count > Math.max(TOO_MANY_KEYS, TOO_MANY_PAGES * page.limit)) {
        this.#bits = Math.max(this.#bits + 1, commonBits(page.first ?? page.last, page.last));
      }
      this.#widening = 0;
      this.#key = Buffer.concat([page.last, ZERO]);
      return;
    }
    const end = blockEnd(this.#key, this.#bits);
    if (end === ZERO) {
      this.#done = true;
      return;
    }
    this.#key = end;
    if (page.count * TOO_NARROW < page.limit) {
      this.#widening = Math.min(MAX_WIDENING_BITS, this.#widening + 1);
      this.#bits = Math.max(0, this.#bits - this.#widening);
    } else {
      this.#widening = 0;
    }
  }
}

/** The first key behind the block of keys that share their first `bits` bits with `key`; `ZERO` when there is none. */
function blockEnd(key: Buffer, bits: number): Buffer {
  const length = Math.ceil(bits / 8);
  const end = Buffer.alloc(length);
  key.copy(end, 0, 0, length);
  const unused = length * 8 - bits;
  let carry = 1 << unused;
  for (let at = length - 1; at >= 0 && carry > 0; at -= 1) {
    const mask = at === length - 1 ? 0xff << unused : 0xff;
    const sum = ((end[at] ?? 0) & mask) + carry;
    end[at] = sum & 0xff;
    carry = sum >> 8;
  }
  return length === 0 || carry > 0 ? ZERO : end;
}

function commonBits(a: Buffer, b: Buffer): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const difference = (a[at] ?? 0) ^ (b[at] ?? 0);
    if (difference !== 0) {
      return at * 8 + Math.clz32(difference) - 24;
    }
  }
  return length * 8;
}
