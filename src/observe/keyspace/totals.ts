import { randomBytes } from 'node:crypto';
import type { PrefixRules } from '../../cluster/prefix.ts';
import { KeyHasher } from './key-hash.ts';
import { PrefixTree, type SubtreeTotals, type TreeLimits } from './prefix-tree.ts';
import { SizeShard } from './size-shard.ts';

/** Growing one of many small tables takes a fraction of a millisecond; growing one large one would stop the agent. */
const SHARDS = 64;

/**
 * Keys and bytes by prefix, exact under puts and deletes in any order, as the newest word on a key is the one that counts.
 *
 * To subtract what a write replaces, its former size must be known. Etcd would send the former value with each event, but
 * at the price of one more read for each write, twice the traffic, and nothing at all where it is compacted. So each key's
 * size is remembered here, by a 64-bit hash of the key: about 21 bytes a key.
 */
export class KeyspaceTotals {
  readonly #tree: PrefixTree;
  readonly #shards = Array.from({ length: SHARDS }, () => new SizeShard());
  readonly #hasher: KeyHasher;
  #bytes = 0;

  constructor(rules: PrefixRules, limits?: TreeLimits) {
    this.#tree = new PrefixTree(rules, limits);
    const seeds = randomBytes(8);
    this.#hasher = new KeyHasher([seeds.readUInt32LE(0), seeds.readUInt32LE(4)]);
  }

  /** Keys in all. */
  get keys(): number {
    return this.#shards.reduce((sum, { count }) => sum + count, 0);
  }

  /** Bytes of keys and values in all. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The key has a value of so many bytes. */
  put(key: Buffer, valueBytes: number): void {
    const bytes = key.length + valueBytes;
    const { low, high, shard, slot } = this.#find(key);
    if (slot === -1) {
      const node = this.#tree.nodeOf(key);
      shard.insert(low, high, bytes, node.index);
      node.keys += 1;
      this.#grow(node, bytes);
      return;
    }
    const growth = bytes - shard.bytesAt(slot);
    if (growth !== 0) {
      this.#grow(this.#tree.at(shard.prefixAt(slot)), growth);
      shard.setBytes(slot, bytes);
    }
  }

  /** The key is not there any more, if it was. */
  remove(key: Buffer): void {
    const { shard, slot } = this.#find(key);
    if (slot !== -1) {
      const node = this.#tree.at(shard.prefixAt(slot));
      node.keys -= 1;
      this.#grow(node, -shard.bytesAt(slot));
      shard.removeAt(slot);
    }
  }

  /** A put or a delete of the key has been seen. */
  countWrite(key: Buffer): void {
    this.#tree.nodeOf(key).writes += 1;
  }

  /** Write rates are those since the last mark; what was asked for before keeps its former rate. */
  mark(elapsedSeconds: number): void {
    this.#tree.mark(elapsedSeconds);
  }

  /** Totals by prefixes of this depth. */
  byPrefix(depth: number): readonly SubtreeTotals[] {
    return this.#tree.totals(depth);
  }

  /** Forgets all keys; writes stay counted. */
  clear(): void {
    for (const shard of this.#shards) {
      shard.clear();
    }
    this.#tree.clearSizes();
    this.#bytes = 0;
  }

  #grow(node: { bytes: number }, bytes: number): void {
    node.bytes += bytes;
    this.#bytes += bytes;
  }

  #find(key: Buffer): { low: number; high: number; shard: SizeShard; slot: number } {
    this.#hasher.hash(key);
    const { low, high } = this.#hasher;
    const shard = this.#shards[high % SHARDS];
    if (shard === undefined) {
      throw new RangeError('unreachable: a remainder is below its divisor');
    }
    return { low, high, shard, slot: shard.find(low, high) };
  }
}
