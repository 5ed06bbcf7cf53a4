import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseName } from '../../../src/backup/names.ts';
import { planRetention } from '../../../src/backup/retention/plan.ts';
import type { StoredObject } from '../../../src/backup/store/store.ts';
import { full, HOUR_MS, kept, marks, NOW_MS, segment } from './timeline.ts';

test('whatever lies there: nothing that must stay goes, and what stays is judged the same way again', () => {
  const chain = fc.record({
    ageHours: fc.integer({ min: 0, max: 3000 }),
    segments: fc.integer({ min: 0, max: 3 }),
    verified: fc.boolean(),
    held: fc.boolean(),
    broken: fc.boolean(),
    overlap: fc.boolean(),
  });
  const policy = fc.record({
    keepAllMs: fc.integer({ min: 0, max: 40 * HOUR_MS }),
    ...{ hourly: fc.nat(3), daily: fc.nat(3), weekly: fc.nat(3), monthly: fc.nat(3) },
    maxBytes: fc.nat(2000),
  });
  fc.assert(
    fc.property(fc.array(chain, { minLength: 1, maxLength: 15 }), policy, (chains, anyPolicy) => {
      const sorted = chains.toSorted((a, b) => b.ageHours - a.ageHours);
      const objects: StoredObject[] = sorted.flatMap(({ ageHours, segments, overlap }, i) => {
        const timeMs = NOW_MS - ageHours * HOUR_MS;
        const revision = (i + 1) * 100;
        return [
          ...full(`c${i}`, revision, timeMs),
          ...Array.from({ length: segments }, (_, s) =>
            segment(revision + 1 + s * 30, revision + (s + 1) * 30 + (overlap ? 40 : 0), timeMs),
          ),
        ];
      });
      const ids = (which: 'verified' | 'held' | 'broken'): string[] =>
        sorted.flatMap((c, i) => (c[which] ? [`c${i}`] : []));
      const given = marks(ids('verified'), ids('held'), ids('broken'));
      const plan = planRetention(objects, given, anyPolicy, NOW_MS);

      const keys = new Set(plan.objects.filter(({ keep }) => keep).map(({ key }) => key));
      expect(plan.objects.map(({ key }) => key)).toEqual(objects.map(({ key }) => key));
      const stays = new Set(kept(plan));
      const newestVerified = sorted.findLastIndex(({ verified }) => verified);
      for (const id of [...given.held, `c${sorted.length - 1}`, `c${newestVerified}`]) {
        if (id !== 'c-1') expect(stays).toContain(id);
      }
      for (const { key } of objects) {
        const name = parseName(key);
        if (name?.kind !== 'delta') continue;
        // Of a chain that stays all stays, and all that follows the newest verified one.
        const needed = sorted.some(
          (_, i) => stays.has(`c${i}`) && name.to > BigInt((i + 1) * 100) && name.from <= BigInt((i + 2) * 100),
        );
        const follows = newestVerified !== -1 && name.to > BigInt((newestVerified + 1) * 100);
        if (needed || follows) expect(keys).toContain(key);
      }
      if (plan.overBytes === 0) expect(plan.keptBytes).toBeLessThanOrEqual(anyPolicy.maxBytes);

      // The mark deletes nothing, and saves what it might have.
      const { maxBytes: _, ...unlimited } = anyPolicy;
      const without = kept(planRetention(objects, { ...given, broken: new Set() }, unlimited, NOW_MS));
      expect(kept(planRetention(objects, given, unlimited, NOW_MS))).toEqual(expect.arrayContaining(without));

      const left = objects.filter(({ key }) => keys.has(key));
      expect(planRetention(left, given, anyPolicy, NOW_MS).removedBytes).toBe(0);
    }),
    { numRuns: 500 },
  );
});
