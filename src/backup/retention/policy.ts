/** How long chains stay. Counts are of hours, days, weeks and months (UTC) in which there is one, the newest of each. */
export interface RetentionPolicy {
  /** All chains that are no older than this, against the newest one. */
  readonly keepAllMs: number;
  readonly hourly: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  /** Of everything that is kept; the oldest goes first. Absent: no limit. */
  readonly maxBytes?: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** One of the counts, and in which span of it a time lies. */
export interface RetentionSpan {
  readonly name: 'hourly' | 'daily' | 'weekly' | 'monthly';
  /** Two times in the same span give the same. */
  readonly of: (timeMs: number) => number;
}

/** The spans that are counted, the shortest first. */
export const SPANS: readonly RetentionSpan[] = [
  { name: 'hourly', of: (timeMs) => Math.floor(timeMs / HOUR_MS) },
  { name: 'daily', of: (timeMs) => Math.floor(timeMs / DAY_MS) },
  // Weeks begin on Monday; the first of January 1970 was a Thursday.
  { name: 'weekly', of: (timeMs) => Math.floor((timeMs / DAY_MS + 3) / 7) },
  {
    name: 'monthly',
    of: (timeMs) => {
      const date = new Date(timeMs);
      return date.getUTCFullYear() * 12 + date.getUTCMonth();
    },
  },
];
