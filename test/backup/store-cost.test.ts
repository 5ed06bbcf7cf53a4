import { describe, expect, test } from 'vitest';
import { deltaKey } from '../../src/backup/names.ts';
import type { StoredObject } from '../../src/backup/store/store.ts';
import { storeCost } from '../../src/backup/store-cost.ts';
import { DAY_MS, full, HOUR_MS, NOW_MS } from './retention/timeline.ts';

const bucket = { intervalMs: 5000, partBytes: 8 * 2 ** 20, kind: 'remote' } as const;

function segment(from: number, to: number, level: number, bytes: number, timeMs = NOW_MS): StoredObject {
  const name = { kind: 'delta', from: BigInt(from), to: BigInt(to), epoch: 1n, id: `${level}abc` } as const;
  return { key: deltaKey(name, false), bytes, modifiedAtMs: timeMs };
}

/** Full snapshots of two days before, of the day before, and of half a day before. */
const fulls = [
  ...full('a', 100, NOW_MS - 2 * DAY_MS, 1000),
  ...full('b', 200, NOW_MS - DAY_MS, 2000),
  ...full('c', 300, NOW_MS - 12 * HOUR_MS, 20 * 2 ** 20),
];

describe('what a store costs', () => {
  test('is told since the last full snapshot that is a day old', () => {
    const cost = storeCost([...fulls, segment(201, 250, 0, 500), segment(251, 300, 0, 300)], bucket, NOW_MS);
    expect(cost).toMatchObject({ sinceMs: NOW_MS - DAY_MS, objects: 8 });
    expect(cost.measured).toEqual({ fullsPerDay: 1, fullBytesPerDay: 20 * 2 ** 20, deltaBytesPerDay: 800 });
    // Three parts, the two requests around them, and the manifest.
    expect(cost.estimated?.putsPerDay).toBeCloseTo(2 * (32 / 31) + 6);
    expect(cost.estimated?.listsPerDay).toBe(576);
  });

  test('counts a merged segment as what it was made of, what another one holds not at all, and never more than the interval allows', () => {
    const many = [segment(201, 250, 1, 500), segment(210, 220, 0, 10), segment(251, 260, 2, 700)];
    const cost = storeCost([...fulls, ...many], bucket, NOW_MS);
    expect(cost.estimated?.capturedPerDay).toBeCloseTo(32 + 1024);
    expect(cost.measured?.deltaBytesPerDay).toBe(1200);
    const busy = storeCost([...fulls, segment(201, 260, 4, 700)], bucket, NOW_MS);
    expect(busy.estimated?.capturedPerDay).toBe(DAY_MS / 5000);
    expect(busy.mostPutsPerDay).toBe(Math.round((DAY_MS / 5000) * (32 / 31)));
  });

  test('agrees with the table of the docs', () => {
    // 5 s: 17,800 PUTs, 3 USD a month; 1 s: 89,000 and 14.50.
    for (const [intervalMs, puts, usd] of [
      [5000, 17_800, 3],
      [1000, 89_000, 14.5],
    ] as const) {
      const cost = storeCost([...fulls, segment(201, 260, 4, 0)], { ...bucket, intervalMs }, NOW_MS);
      expect(Math.abs(cost.mostPutsPerDay / puts - 1)).toBeLessThan(0.01);
      expect(Math.abs((cost.estimated?.usdPerMonth ?? 0) / usd - 1)).toBeLessThan(0.05);
    }
  });

  test('is not told of a store that is too young, and in a folder requests cost nothing', () => {
    const young = full('a', 100, NOW_MS - 60_000, 1000);
    expect(storeCost(young, bucket, NOW_MS)).not.toHaveProperty('measured');
    expect(storeCost([], bucket, NOW_MS)).toMatchObject({ objects: 0, bytes: 0 });
    expect(storeCost(fulls, { ...bucket, kind: 'local' }, NOW_MS).estimated).toMatchObject({
      listsPerDay: 0,
      usdPerMonth: 0,
    });
  });
});
