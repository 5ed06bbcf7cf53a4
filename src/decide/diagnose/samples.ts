import type { Histogram } from '../../cluster/sections.ts';

/** The share of all samples above a limit, as far as the edges of the histogram tell; 0 without any. */
export function shareAbove({ edges, counts, count }: Histogram, limitSeconds: number): number {
  if (count === 0) return 0;
  const edge = edges.findLastIndex((each) => each <= limitSeconds);
  return edge < 0 ? 1 : 1 - (counts[edge] ?? 0) / count;
}
