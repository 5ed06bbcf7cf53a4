import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyHasher } from '../../../src/observe/keyspace/key-hash.ts';
import { SizeShard } from '../../../src/observe/keyspace/size-shard.ts';

describe('the table of key sizes', () => {
  it('holds what a map would hold, also when hashes share their place', () => {
    const hash = fc.record({ low: fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1), high: fc.nat(40) });
    const step = fc.record({ hash, bytes: fc.integer({ min: 0, max: 2 ** 32 - 1 }), prefix: fc.nat(65_535) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const [shard, model] = [new SizeShard(), new Map<string, [number, number]>()];
        for (const { hash: key, bytes, prefix } of steps) {
          const slot = shard.find(key.low, key.high);
          const name = `${key.low} ${key.high}`;
          const known = model.get(name);
          expect(slot === -1 ? undefined : [shard.bytesAt(slot), shard.prefixAt(slot)]).toEqual(known);
          if (bytes === 0) {
            if (slot !== -1) shard.removeAt(slot);
            model.delete(name);
          } else if (slot === -1) {
            shard.insert(key.low, key.high, bytes, prefix);
            model.set(name, [bytes, prefix]);
          } else {
            shard.setBytes(slot, bytes);
            model.set(name, [bytes, known?.[1] ?? 0]);
          }
          expect(shard.count).toBe(model.size);
        }
      }),
    );
  });

  it('grows and shrinks with its keys and loses none', () => {
    const shard = new SizeShard();
    const hasher = new KeyHasher([7, 11]);
    const hashes = Array.from({ length: 20_000 }, (_, i) => {
      hasher.hash(Buffer.from(`/key/${i}`));
      return [hasher.low, hasher.high] as const;
    });
    hashes.forEach(([low, high], i) => {
      shard.insert(low, high, i + 1, i % 100);
    });
    expect(hashes.every(([low, high], i) => shard.bytesAt(shard.find(low, high)) === i + 1)).toBe(true);
    hashes.slice(100).forEach(([low, high]) => {
      shard.removeAt(shard.find(low, high));
    });
    expect(shard.count).toBe(100);
    expect(hashes.every(([low, high], i) => (shard.find(low, high) !== -1) === i < 100)).toBe(true);
  });
});
