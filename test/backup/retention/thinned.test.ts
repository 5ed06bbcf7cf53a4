import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalogueOf } from '../../../src/backup/chain/catalogue.ts';
import { gapsOf } from '../../../src/backup/chain.ts';
import { parseName } from '../../../src/backup/names.ts';
import { planRetention } from '../../../src/backup/retention/plan.ts';
import type { RetentionPolicy } from '../../../src/backup/retention/policy.ts';
import { thinnedIn, thinnedKey } from '../../../src/backup/retention/thinned.ts';
import type { StoredObject } from '../../../src/backup/store/store.ts';
import { DAY_MS, full, HOUR_MS, hourly, marks, NOTHING, NOW_MS, segment } from './timeline.ts';

/** What lies there after a prune. */
function pruned(objects: readonly StoredObject[], policy: RetentionPolicy, verified: readonly string[]) {
  const plan = planRetention(objects, marks(verified), policy, NOW_MS + DAY_MS);
  const stays = new Set(plan.objects.filter(({ keep }) => keep).map(({ key }) => key));
  const records = plan.thinned
    .map(thinnedKey)
    .filter((key) => !stays.has(key))
    .map((key) => ({ key, bytes: 1, modifiedAtMs: NOW_MS }));
  return [...objects.filter(({ key }) => stays.has(key)), ...records];
}

const gaps = (objects: readonly StoredObject[]) => gapsOf(catalogueOf(objects), thinnedIn(objects));
const records = (objects: readonly StoredObject[]) =>
  objects.map(({ key }) => key).filter((key) => key.startsWith('thinned/'));
const span = (from: number, to: number) => thinnedKey({ from: BigInt(from), to: BigInt(to) });

describe('what retention thins out', () => {
  test('is written down, from behind the full snapshot that went to the next one', () => {
    // Hours 2 and 4 of 5 stay.
    const left = pruned(hourly(5), { ...NOTHING, hourly: 1 }, ['c2']);
    expect(left.filter(({ key }) => key.startsWith('full/') && key.endsWith('.json'))).toHaveLength(2);
    expect(gaps(left)).toEqual([]);
    // All segments behind the newest verified one stay: nothing is missing.
    expect(records(left)).toEqual([]);
    const thin = pruned(hourly(30), { ...NOTHING, daily: 2 }, ['c29']);
    expect(gaps(thin)).toEqual([]);
    // c16, the newest of the day before, and c29.
    expect(records(thin)).toEqual([span(1801, 3000)]);
    expect(gapsOf(catalogueOf(thin))).toEqual([{ from: 1801n, to: 2999n }]);
  });

  test('grows with what goes later, as one record; it goes when nothing older is left', () => {
    const policy = { ...NOTHING, daily: 3 };
    const all = Array.from({ length: 12 }, (_, i) => [
      ...full(`d${i}`, 100 * (i + 1), NOW_MS - (11 - i) * 8 * HOUR_MS),
      segment(100 * (i + 1) + 1, 100 * (i + 2), NOW_MS - (11 - i) * 8 * HOUR_MS),
    ]).flat();
    const once = pruned(all.slice(0, 27), policy, ['d8']);
    const twice = pruned([...once, ...all.slice(27)], policy, ['d11']);
    expect(gaps(once)).toEqual([]);
    expect(gaps(twice)).toEqual([]);
    expect(records(twice).length).toBeGreaterThan(0);
    const alone = pruned(twice, NOTHING, ['d11']);
    expect(records(alone)).toEqual([]);
    expect(gaps(alone)).toEqual([]);
  });

  test('a segment that is lost of a chain that stays is a gap, also right before a full snapshot', () => {
    const thin = pruned(hourly(30), { ...NOTHING, daily: 2 }, ['c29']);
    const without = (part: string) => thin.filter(({ key }) => !key.includes(part));
    // c16 stands at 1700, its segments end at 1800, where c17 stood; c29 is the next one that is left, at 3000.
    expect(gaps(without('-0000000000000001800-'))).toEqual([{ from: 1751n, to: 1800n }]);
    expect(gaps(without('-0000000000000001750-'))).toEqual([{ from: 1701n, to: 1750n }]);
  });

  test('in any timeline: pruned again and again it has no gaps, and each segment that is lost makes one', () => {
    const policy = fc.record({
      keepAllMs: fc.integer({ min: 0, max: 10 * HOUR_MS }),
      ...{ hourly: fc.nat(4), daily: fc.nat(3), weekly: fc.nat(2), monthly: fc.nat(2) },
    });
    const chain = fc.record({
      hours: fc.integer({ min: 0, max: 30 }),
      cuts: fc.uniqueArray(fc.nat(98), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(
        fc.array(chain, { minLength: 2, maxLength: 14 }),
        fc.array(policy, { minLength: 1, maxLength: 3 }),
        fc.nat(),
        (chains, policies, pick) => {
          let timeMs = NOW_MS - 500 * HOUR_MS;
          // Segments end wherever they do, seldom where a full snapshot stands.
          const ends = chains.flatMap(({ cuts }, i) =>
            cuts.toSorted((a, b) => a - b).map((cut) => 100 * (i + 1) + 1 + cut),
          );
          const all: StoredObject[] = chains.flatMap(({ hours }, i) => {
            timeMs += hours * HOUR_MS;
            return full(`c${i}`, 100 * (i + 1), timeMs);
          });
          let from = 101;
          for (const end of [...ends, 100 * (chains.length + 1)]) {
            if (end >= from) all.push(segment(from, end, timeMs));
            from = Math.max(from, end + 1);
          }
          let left: readonly StoredObject[] = all;
          for (const each of policies) {
            left = pruned(left, each, [`c${chains.length - 1}`]);
            expect(gaps(left)).toEqual([]);
          }
          const segments = left.flatMap(({ key }) => {
            const name = parseName(key);
            return name?.kind === 'delta' ? [{ key, name }] : [];
          });
          const [lost] = segments.slice(pick % Math.max(1, segments.length));
          if (lost === undefined || lost.name.to >= BigInt(100 * chains.length)) return;
          const found = gaps(left.filter(({ key }) => key !== lost.key));
          const first = catalogueOf(left).fulls[0]?.name.revision ?? 0n;
          // What is only before the first full snapshot is needed by nothing, and one that holds a full snapshot's revision alone too.
          const isNeeded = catalogueOf(left).fulls.every(
            ({ name }) => name.revision !== lost.name.from || lost.name.from !== lost.name.to,
          );
          if (lost.name.to > first && isNeeded) expect(found.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 300 },
    );
  });
});
