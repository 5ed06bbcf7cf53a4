import { formatLatency } from '../units.ts';

/** The sample at a quantile of sorted samples: the smallest that at least that share does not exceed; 0 without samples. */
function sampleAt(quantile: number, sorted: readonly number[]): number {
  return sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)] ?? 0;
}

/** Ascending samples for reading: `median 0.31 ms, p99 4.1 ms, slowest 9.8 ms`. */
export function describeSeconds(sorted: readonly number[]): string {
  const [median, p99, slowest] = [0.5, 0.99, 1].map((quantile) => formatLatency(sampleAt(quantile, sorted)));
  return `median ${median}, p99 ${p99}, slowest ${slowest}`;
}
