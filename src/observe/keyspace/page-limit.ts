/** What a key costs in a reply besides its own bytes and those of its value. */
const OVERHEAD_BYTES = 40;
/** The first page is small: nothing is known about the values yet. */
const FIRST_LIMIT = 64;
/** However small the values are: what one page costs etcd has to stay bounded. */
const MAX_LIMIT = 4096;
/** Values may be much larger further on, so a page never has more than this many times the keys of the last. */
const MAX_GROWTH = 2;

/** How many keys to ask for so that a page has about so many bytes. Values in etcd have from none to millions of bytes. */
export class PageLimit {
  readonly #targetBytes: number;
  #limit = FIRST_LIMIT;

  /** `targetBytes`: what a page should have. */
  constructor(targetBytes: number) {
    this.#targetBytes = targetBytes;
  }

  get limit(): number {
    return this.#limit;
  }

  /** Learns from a page: how many keys it had, and bytes of keys and values. Empty pages teach nothing. */
  learn(keys: number, bytes: number): void {
    if (keys === 0) {
      return;
    }
    const fitting = Math.floor(this.#targetBytes / (bytes / keys + OVERHEAD_BYTES));
    this.#limit = Math.max(1, Math.min(fitting, this.#limit * MAX_GROWTH, MAX_LIMIT));
  }

  /** A page was too large or too slow. False when it cannot be made smaller. */
  shrink(): boolean {
    const smaller = Math.max(1, Math.floor(this.#limit / 8));
    const shrunk = smaller < this.#limit;
    this.#limit = smaller;
    return shrunk;
  }
}
