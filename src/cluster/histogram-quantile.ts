/** One bucket of a cumulative histogram: so many samples were at most `upperBound` (Infinity for the last). */
export interface CumulativeBucket {
  readonly upperBound: number;
  readonly count: number;
}

/**
 * What was added to a cumulative histogram between two readings, bucket by bucket. Undefined when they are not readings
 * of one counter: other edges, or a count that went down, as after a restart.
 */
export function bucketIncrease(
  earlier: readonly CumulativeBucket[],
  later: readonly CumulativeBucket[],
): readonly CumulativeBucket[] | undefined {
  if (earlier.length !== later.length) return undefined;
  const increase: CumulativeBucket[] = [];
  for (const [index, bucket] of later.entries()) {
    const before = earlier[index];
    if (before === undefined || before.upperBound !== bucket.upperBound || bucket.count < before.count)
      return undefined;
    increase.push({ upperBound: bucket.upperBound, count: bucket.count - before.count });
  }
  return increase;
}

/** Samples in a cumulative histogram: the count of its last bucket. */
export function sampleCount(buckets: readonly CumulativeBucket[]): number {
  return buckets.at(-1)?.count ?? 0;
}

/**
 * The quantile as Prometheus' `histogram_quantile` estimates it: linear within the bucket it falls in, from 0 in the
 * first one, and the last finite bound where it falls above that. Undefined without samples.
 * @param quantile between 0 and 1.
 * @param buckets ascending; the last one is Infinity.
 */
export function histogramQuantile(quantile: number, buckets: readonly CumulativeBucket[]): number | undefined {
  const total = sampleCount(buckets);
  if (!(total > 0)) return undefined;
  const rank = quantile * total;
  const index = buckets.findIndex((bucket) => bucket.count >= rank);
  const bucket = buckets[index];
  const below = buckets[index - 1];
  if (bucket === undefined) return undefined;
  if (bucket.upperBound === Number.POSITIVE_INFINITY) return below?.upperBound;
  const [lowerBound, countBelow] = below === undefined ? [0, 0] : [below.upperBound, below.count];
  const inBucket = bucket.count - countBelow;
  if (inBucket <= 0) return bucket.upperBound;
  return lowerBound + (bucket.upperBound - lowerBound) * ((rank - countBelow) / inBucket);
}
