import { crc32 } from 'node:zlib';

/** Some of all keys: those whose CRC-32 modulo `modulus`, a power of two, is `remainder`. */
export interface KeyShare {
  readonly modulus: number;
  readonly remainder: number;
}

export const ALL_KEYS: KeyShare = { modulus: 1, remainder: 0 };

/** What a kept key takes besides its own bytes: the map's entry, and what is known of the key. */
const OVERHEAD_BYTES = 300;
/** Of a table, unless it is told otherwise. */
const KEPT_BYTES = 64 * 2 ** 20;
/** A share that is still too large then is one of keys that were made to be alike: it is kept as it is. */
const LARGEST_MODULUS = 2 ** 20;

/**
 * What is known of keys, in bounded memory however many there are: when it becomes too much, the half of its share is given
 * up, and left to a later table that reads everything once more.
 */
export class KeyTable<T> {
  readonly #keptBytes: number;
  readonly #known = new Map<string, T>();
  readonly #later: KeyShare[] = [];
  #share: KeyShare;
  #bytes = 0;

  constructor(share: KeyShare, keptBytes = KEPT_BYTES) {
    this.#share = share;
    this.#keptBytes = keptBytes;
  }

  /** Shares that were given up. */
  get later(): readonly KeyShare[] {
    return this.#later;
  }

  /** Whether a key is of this table's share. */
  covers(key: Buffer): boolean {
    return this.#share.modulus === 1 || isIn(this.#share, key);
  }

  get(key: Buffer): T | undefined {
    return this.#known.get(key.toString('latin1'));
  }

  /** Adds a key that is not there yet. */
  add(key: Buffer, known: T): void {
    this.#known.set(key.toString('latin1'), known);
    this.#bytes += key.length + OVERHEAD_BYTES;
    while (this.#bytes > this.#keptBytes && this.#share.modulus < LARGEST_MODULUS) this.#halve();
  }

  delete(key: Buffer): void {
    if (this.#known.delete(key.toString('latin1'))) this.#bytes -= key.length + OVERHEAD_BYTES;
  }

  *entries(): Generator<readonly [key: Buffer, known: T], void, undefined> {
    for (const [key, known] of this.#known) yield [Buffer.from(key, 'latin1'), known];
  }

  #halve(): void {
    const { modulus, remainder } = this.#share;
    this.#share = { modulus: 2 * modulus, remainder };
    this.#later.push({ modulus: 2 * modulus, remainder: remainder + modulus });
    for (const [text] of this.#known) {
      const key = Buffer.from(text, 'latin1');
      if (!isIn(this.#share, key)) this.delete(key);
    }
  }
}

function isIn({ modulus, remainder }: KeyShare, key: Buffer): boolean {
  return crc32(key) % modulus === remainder;
}
