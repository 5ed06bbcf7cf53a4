/** Words of a slot: the two halves of the hash, and the size; a size of 0 marks a free slot, since no key is empty. */
const WORDS = 3;
const MIN_CAPACITY = 32;
const MAX_LOAD = 0.8;
const MIN_LOAD = 0.25;
const GROWTH = 1.5;
const HASH_RANGE = 2 ** 32;

/**
 * An open-addressing hash table from a 64-bit hash to a size in bytes and the index of a prefix, 14 bytes a slot. Linear
 * probing, and removal moves later entries back, so that it never fills up with tombstones.
 */
export class SizeShard {
  #capacity = MIN_CAPACITY;
  #words = new Uint32Array(MIN_CAPACITY * WORDS);
  #prefixes = new Uint16Array(MIN_CAPACITY);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The slot of the hash, or -1. It holds until the next insertion or removal. */
  find(low: number, high: number): number {
    let slot = this.#home(low);
    while (this.#words[slot * WORDS + 2] !== 0) {
      if (this.#words[slot * WORDS] === low && this.#words[slot * WORDS + 1] === high) {
        return slot;
      }
      slot = this.#next(slot);
    }
    return -1;
  }

  bytesAt(slot: number): number {
    return this.#words[slot * WORDS + 2] ?? 0;
  }

  prefixAt(slot: number): number {
    return this.#prefixes[slot] ?? 0;
  }

  /** `bytes` must be above 0. */
  setBytes(slot: number, bytes: number): void {
    this.#words[slot * WORDS + 2] = bytes;
  }

  /** Adds a hash that `find` has not found. `bytes` must be above 0, `prefix` below 65536. */
  insert(low: number, high: number, bytes: number, prefix: number): void {
    if (this.#count + 1 > this.#capacity * MAX_LOAD) {
      this.#resize(Math.ceil(this.#capacity * GROWTH));
    }
    this.#place(low, high, bytes, prefix);
    this.#count += 1;
  }

  removeAt(slot: number): void {
    let hole = slot;
    for (let at = this.#next(slot); this.#words[at * WORDS + 2] !== 0; at = this.#next(at)) {
      const home = this.#home(this.#words[at * WORDS] ?? 0);
      const staysReachable = hole <= at ? hole < home && home <= at : hole < home || home <= at;
      if (!staysReachable) {
        this.#words.copyWithin(hole * WORDS, at * WORDS, at * WORDS + WORDS);
        this.#prefixes[hole] = this.#prefixes[at] ?? 0;
        hole = at;
      }
    }
    this.#words[hole * WORDS + 2] = 0;
    this.#count -= 1;
    if (this.#capacity > MIN_CAPACITY && this.#count < this.#capacity * MIN_LOAD) {
      this.#resize(Math.max(MIN_CAPACITY, Math.ceil(this.#capacity / 2)));
    }
  }

  clear(): void {
    this.#capacity = MIN_CAPACITY;
    this.#words = new Uint32Array(MIN_CAPACITY * WORDS);
    this.#prefixes = new Uint16Array(MIN_CAPACITY);
    this.#count = 0;
  }

  #resize(capacity: number): void {
    const [words, prefixes, slots] = [this.#words, this.#prefixes, this.#capacity];
    this.#capacity = capacity;
    this.#words = new Uint32Array(capacity * WORDS);
    this.#prefixes = new Uint16Array(capacity);
    for (let slot = 0; slot < slots; slot += 1) {
      const bytes = words[slot * WORDS + 2] ?? 0;
      if (bytes !== 0) {
        this.#place(words[slot * WORDS] ?? 0, words[slot * WORDS + 1] ?? 0, bytes, prefixes[slot] ?? 0);
      }
    }
  }

  #place(low: number, high: number, bytes: number, prefix: number): void {
    let slot = this.#home(low);
    while (this.#words[slot * WORDS + 2] !== 0) {
      slot = this.#next(slot);
    }
    this.#words[slot * WORDS] = low;
    this.#words[slot * WORDS + 1] = high;
    this.#words[slot * WORDS + 2] = bytes;
    this.#prefixes[slot] = prefix;
  }

  #home(low: number): number {
    return Math.floor((low / HASH_RANGE) * this.#capacity);
  }

  #next(slot: number): number {
    return slot + 1 === this.#capacity ? 0 : slot + 1;
  }
}
