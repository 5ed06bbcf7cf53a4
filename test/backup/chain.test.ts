import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalogueOf } from '../../src/backup/chain/catalogue.ts';
import { chainsOf, gapsOf, newestNamed, restorePlans, stillOnTheirWay, supersededOf } from '../../src/backup/chain.ts';
import { deltaKey, manifestKey } from '../../src/backup/names.ts';
import type { StoredObject } from '../../src/backup/store/store.ts';

const object = (key: string, bytes = 100): StoredObject => ({ key, bytes, modifiedAtMs: 0 });
const full = (revision: number, id = 'f'): StoredObject =>
  object(manifestKey({ kind: 'full', revision: BigInt(revision), time: '20260101T120000Z', id }));
const delta = (from: number, to: number, epoch = 1, id = 'd', bytes = 100): StoredObject =>
  object(deltaKey({ kind: 'delta', from: BigInt(from), to: BigInt(to), epoch: BigInt(epoch), id }, false), bytes);

/** What a plan reads, in short: `10: 11-20 21-30 -> 30, lost 31-35`. */
function short(plan: ReturnType<typeof restorePlans>[number]): string {
  const segments = plan.segments.map(({ name }) => ` ${name.from}-${name.to}`).join('');
  const lost = plan.lost === undefined ? '' : `, lost ${plan.lost.from}-${plan.lost.to}`;
  return `${plan.full.name.revision}:${segments} -> ${plan.lastRevision}${lost}`;
}

const plans = (objects: readonly StoredObject[], target?: number, broken: readonly StoredObject[] = []): string[] =>
  restorePlans(
    catalogueOf(objects),
    target === undefined ? undefined : BigInt(target),
    new Set(broken.map(({ key }) => key)),
  ).map(short);

describe('a chain', () => {
  test('is a full snapshot and the segments behind it, as far as they have no gap', () => {
    const chains = chainsOf(catalogueOf([full(10), delta(5, 12), delta(13, 20), delta(22, 30), full(25)]));
    expect(chains.map(short)).toEqual(['25: 22-30 -> 30', '10: 5-12 13-20 -> 20']);
  });

  test('takes the fewest objects, and of equal ones the higher epoch, then the smaller', () => {
    const objects = [full(10), delta(11, 15), delta(16, 20), delta(11, 20, 1, 'a'), delta(11, 20, 2, 'b', 300)];
    const [plan] = restorePlans(catalogueOf([...objects, delta(11, 20, 2, 'c', 200)]));
    expect(plan?.segments.map(({ name }) => name.id)).toEqual(['c']);
  });

  test('is not used further than the revision that is asked for', () => {
    expect(plans([full(10), delta(11, 15), delta(16, 20), delta(21, 30)], 16)).toEqual(['10: 11-15 16-20 -> 20']);
    expect(plans([full(10), delta(11, 15)], 10)).toEqual(['10: -> 10']);
  });

  test('of a revision before all full snapshots there is none', () => {
    expect(plans([full(10), delta(5, 9)], 9)).toEqual([]);
    expect(plans([])).toEqual([]);
  });

  test('with a broken link gives way to an object that holds the same, then to an older chain, and says what is lost', () => {
    const [small, other, merged, newer] = [delta(11, 15), delta(16, 20), delta(11, 20), full(20)];
    const objects = [full(10), small, other, merged, newer, delta(21, 30)];
    expect(plans(objects, 30)).toEqual(['20: 21-30 -> 30', '10: 11-20 21-30 -> 30']);
    expect(plans(objects, 30, [newer])).toEqual(['10: 11-20 21-30 -> 30']);
    expect(plans(objects, 30, [newer, merged])).toEqual(['10: 11-15 16-20 21-30 -> 30']);
    expect(plans(objects, 30, [newer, merged, other])).toEqual(['10: 11-15 -> 15, lost 16-30']);
  });

  test('that comes nearest is first where none reaches the goal', () => {
    expect(plans([full(10), delta(11, 28), full(20), delta(35, 40)])).toEqual([
      '20: 11-28 -> 28, lost 29-40',
      '10: 11-28 -> 28, lost 29-40',
    ]);
  });
});

describe('what a timeline holds', () => {
  test('has gaps where no segment holds a revision', () => {
    const catalogue = catalogueOf([full(10), delta(11, 15), delta(13, 18), delta(21, 30), full(33), delta(34, 35)]);
    expect(gapsOf(catalogue)).toEqual([
      { from: 19n, to: 20n },
      { from: 31n, to: 32n },
    ]);
    expect(newestNamed(catalogue)).toBe(35n);
  });

  test('has none right before a newest full snapshot that is young: they may still come', () => {
    const young = catalogueOf([full(10), delta(11, 20), { ...full(25, 'g'), modifiedAtMs: 1_000_000 }]);
    const ON_ITS_WAY_MS = 15 * 60_000;
    expect(stillOnTheirWay(young, 1_000_000 + ON_ITS_WAY_MS)).toEqual([{ from: 21n, to: 24n }]);
    expect(stillOnTheirWay(young, 1_000_001 + ON_ITS_WAY_MS)).toEqual([]);
    const complete = catalogueOf([full(10), delta(11, 24), { ...full(25, 'g'), modifiedAtMs: 1_000_000 }]);
    expect(stillOnTheirWay(complete, 1_000_000)).toEqual([]);
  });

  test('has segments that another one holds whole', () => {
    const doubled = [delta(11, 12), delta(13, 15), delta(11, 15, 1, 'm'), delta(14, 18), delta(14, 18, 2, 'n')];
    const superseded = supersededOf(catalogueOf(doubled));
    expect(superseded.map(({ key }) => key)).toEqual([doubled[0], doubled[1], doubled[3]].map((entry) => entry?.key));
  });

  test('loses no revision when everything superseded is taken away', () => {
    const someSegments = fc.uniqueArray(
      fc
        .tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 8 }), fc.integer({ min: 1, max: 3 }))
        .map(([from, length, epoch]) => delta(from, from + length, epoch, `i${from}x${length}x${epoch}`)),
      { maxLength: 12, selector: ({ key }) => key },
    );
    fc.assert(
      fc.property(someSegments, fc.integer({ min: 0, max: 20 }), (segments, start) => {
        const before = catalogueOf([full(start), ...segments]);
        const gone = new Set(supersededOf(before).map(({ key }) => key));
        const after = catalogueOf([full(start), ...segments.filter(({ key }) => !gone.has(key))]);
        const [chain] = chainsOf(before);
        expect(chainsOf(after).map(({ lastRevision }) => lastRevision)).toEqual([chain?.lastRevision]);
        // The way is exact: each begins at the latest where the one before it ended, and no revision is left out.
        expect(chain?.lastRevision).toBe(farthest(start, segments));
      }),
    );
  });
});

/** Step by step, as slowly as can be. */
function farthest(start: number, segments: readonly StoredObject[]): bigint {
  const { segments: entries } = catalogueOf(segments);
  let reached = BigInt(start);
  while (entries.some(({ name }) => name.from <= reached + 1n && name.to > reached)) reached += 1n;
  return reached;
}
