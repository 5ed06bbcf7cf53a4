import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bucketIncrease, histogramQuantile } from '../../src/cluster/histogram-quantile.ts';

const inf = Number.POSITIVE_INFINITY;
const histogram = (...buckets: readonly (readonly [number, number])[]) =>
  buckets.map(([upperBound, count]) => ({ upperBound, count }));

test.each([
  ['halfway into the only bucket with samples', 0.5, histogram([1, 0], [2, 10], [inf, 10]), 1.5],
  ['from 0 within the first bucket', 0.5, histogram([1, 4], [2, 4], [inf, 4]), 0.5],
  ['the upper bound where the rank is the count', 1, histogram([1, 1], [2, 2], [inf, 2]), 2],
  ['the last finite bound above it', 0.99, histogram([1, 1], [2, 1], [inf, 100]), 2],
] as const)('the quantile is, as in Prometheus, %s', (_, quantile, buckets, expected) => {
  expect(histogramQuantile(quantile, buckets)).toBeCloseTo(expected, 12);
});

test('there is no quantile without samples', () => {
  expect(histogramQuantile(0.99, [])).toBeUndefined();
  expect(histogramQuantile(0.99, histogram([1, 0], [inf, 0]))).toBeUndefined();
});

test('counts that went down, or other edges, are not readings of one histogram', () => {
  const earlier = histogram([1, 5], [inf, 9]);
  expect(bucketIncrease(earlier, histogram([1, 6], [inf, 8]))).toBeUndefined();
  expect(bucketIncrease(earlier, histogram([2, 6], [inf, 9]))).toBeUndefined();
  expect(bucketIncrease(earlier, histogram([inf, 10]))).toBeUndefined();
  expect(bucketIncrease(earlier, histogram([1, 6], [inf, 12]))).toEqual(histogram([1, 1], [inf, 3]));
});

test('the quantile lies in the bucket of the sample with that rank', () => {
  const edges = [1, 2, 4, 8, 16];
  const samples = fc.array(fc.double({ min: 0.01, max: 16, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(samples, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, quantile) => {
      const buckets = [...edges, inf].map((upperBound) => ({
        upperBound,
        count: values.filter((value) => value <= upperBound).length,
      }));
      const sorted = values.toSorted((a, b) => a - b);
      const ranked = sorted[Math.ceil(quantile * values.length) - 1] ?? 0;
      const upper = edges.find((edge) => ranked <= edge) ?? inf;
      const estimate = histogramQuantile(quantile, buckets) ?? Number.NaN;
      expect(estimate).toBeLessThanOrEqual(upper);
      expect(estimate).toBeGreaterThanOrEqual(upper === 1 ? 0 : upper / 2);
    }),
  );
});
