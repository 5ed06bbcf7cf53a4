import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ALL_KEYS, type KeyShare, KeyTable } from '../../../src/backup/compare/key-table.ts';

test('share by share every key is there once, and no table holds more than it may', () => {
  const keys = fc.uniqueArray(fc.uint8Array({ maxLength: 20 }).map(Buffer.from), {
    selector: (key) => key.toString('latin1'),
    maxLength: 400,
  });
  fc.assert(
    fc.property(keys, fc.integer({ min: 1000, max: 20_000 }), (all, keptBytes) => {
      const shares: KeyShare[] = [ALL_KEYS];
      const seen: string[] = [];
      for (let share = shares.pop(); share !== undefined; share = shares.pop()) {
        const table = new KeyTable<number>(share, keptBytes);
        for (const [index, key] of all.entries()) if (table.covers(key)) table.add(key, index);
        const kept = [...table.entries()];
        expect(kept.length * 300).toBeLessThanOrEqual(keptBytes);
        for (const [key, index] of kept) {
          expect(all[index]?.equals(key)).toBe(true);
          expect(table.get(key)).toBe(index);
          seen.push(key.toString('latin1'));
        }
        shares.push(...table.later);
      }
      expect(seen.sort()).toEqual(all.map((key) => key.toString('latin1')).sort());
    }),
    { numRuns: 50 },
  );
});

test('keys that were deleted make room', () => {
  const table = new KeyTable<number>(ALL_KEYS, 1000);
  for (let n = 0; n < 100; n += 1) {
    table.add(Buffer.from(`k${n}`), n);
    table.delete(Buffer.from(`k${n}`));
  }
  expect(table.later).toEqual([]);
});
