/** Starting values; random ones in each process keep anybody from choosing keys that collide. */
export type HashSeeds = readonly [number, number];

/**
 * Hashes keys to 64 bits: two interleaved multiply-xor lanes that are mixed into each other at the end (the construction
 * known as cyrb53, with all 64 bits kept). Among a million keys the chance that any two collide is 3 in 10^8.
 */
export class KeyHasher {
  /** The two halves of the newest hash, unsigned. */
  low = 0;
  high = 0;
  readonly #seeds: HashSeeds;

  constructor(seeds: HashSeeds) {
    this.#seeds = seeds;
  }

  /** Leaves the hash of the key in `low` and `high`: an object per key would cost more than the hash. */
  hash(key: Buffer): void {
    let a = this.#seeds[0] ^ 0xdeadbeef;
    let b = this.#seeds[1] ^ 0x41c6ce57;
    for (let at = 0; at < key.length; at += 1) {
      const byte = key[at] ?? 0;
      a = Math.imul(a ^ byte, 0x9e3779b1);
      b = Math.imul(b ^ byte, 0x5f356495);
    }
    a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35);
    b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
    this.low = a >>> 0;
    this.high = b >>> 0;
  }
}
