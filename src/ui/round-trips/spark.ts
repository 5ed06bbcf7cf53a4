/** Points of a sparkline are so many at most: one for each minute of the hour. */
const BUCKETS = 60;
/** Less is a dot, and no line. */
const LEAST_MINUTES = 5;

/** What a sparkline shows of values over time. */
export interface Spark {
  /** The `d` of an SVG path in a box of 60 × 12; a gap where nothing is known. */
  readonly path: string;
  readonly least: number;
  readonly most: number;
}

/**
 * The line of the last hour, from 0 to the highest value: of each minute the worst, since that is what hurts. Pure. Undefined where fewer than
 * five minutes are known.
 * @param times seconds since 1970, ascending, each with its value in `values`
 */
export function sparkOf(times: readonly number[], values: readonly (number | null)[]): Spark | undefined {
  const end = times.at(-1) ?? 0;
  const worst: (number | undefined)[] = Array.from({ length: BUCKETS });
  for (const [index, value] of values.entries()) {
    const bucket = BUCKETS - 1 - Math.floor((end - (times[index] ?? 0)) / 60);
    if (value === null || bucket < 0) continue;
    worst[bucket] = Math.max(worst[bucket] ?? 0, value);
  }
  const known = worst.filter((value) => value !== undefined);
  if (known.length < LEAST_MINUTES) return undefined;
  const most = Math.max(...known);
  let pen = 'M';
  let path = '';
  for (const [x, value] of worst.entries()) {
    if (value === undefined) {
      pen = 'M';
      continue;
    }
    path += `${pen}${x} ${(12 - (most === 0 ? 0 : value / most) * 11).toFixed(1)}`;
    pen = 'L';
  }
  return { path, least: Math.min(...known), most };
}
