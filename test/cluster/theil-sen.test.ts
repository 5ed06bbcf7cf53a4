import fc from 'fast-check';
import { expect, test } from 'vitest';
import { theilSenSlope } from '../../src/cluster/theil-sen.ts';

test('fewer than two times have no slope', () => {
  expect(theilSenSlope([])).toBeUndefined();
  expect(theilSenSlope([{ atSeconds: 1, value: 1 }])).toBeUndefined();
  const sameTime = { atSeconds: 1, value: 1 };
  expect(theilSenSlope([sameTime, { ...sameTime, value: 2 }])).toBeUndefined();
});

test('a straight line has its own slope, whatever its start', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -1e6, max: 1e6 }),
      fc.integer(),
      fc.integer({ min: 2, max: 60 }),
      (slope, start, points) => {
        const line = Array.from({ length: points }, (_, i) => ({ atSeconds: i * 10, value: start + slope * i * 10 }));
        expect(theilSenSlope(line)).toBeCloseTo(slope, 6);
      },
    ),
  );
});

test('a quarter of wild points leaves the slope within that of the good ones', () => {
  const wild = fc.uniqueArray(fc.nat(39), { maxLength: 10 });
  fc.assert(
    fc.property(wild, fc.double({ min: -1e12, max: 1e12, noNaN: true }), (indexes, value) => {
      const points = Array.from({ length: 40 }, (_, i) => ({
        atSeconds: i,
        value: indexes.includes(i) ? value : i * 5,
      }));
      expect(theilSenSlope(points)).toBeCloseTo(5, 6);
    }),
  );
});
