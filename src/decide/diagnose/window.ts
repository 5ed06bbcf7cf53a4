import type { Look } from '../../cluster/diagnosis.ts';

/** Judged is what happened in the last so many seconds… */
const windowSeconds = 30;
/** …and in so many intervals at least, where rounds are rare. */
const leastIntervals = 3;
/** Of the intervals, the share in which something has to be so: a single one that is out of the way proves nothing. */
const mostShare = 0.6;

/** Two looks in a row. */
export interface Interval {
  readonly earlier: Look;
  readonly later: Look;
  readonly seconds: number;
}

/** The last looks of one agent, in the shape in which causes are judged: values and rates, interval by interval. */
export class Window {
  readonly newest: Look;
  /** All looks that are kept, oldest first: for what is slower than the window. */
  readonly looks: readonly Look[];
  readonly #intervals: readonly Interval[];

  /** @param looks oldest first, at least one */
  constructor(looks: readonly [Look, ...Look[]]) {
    this.looks = looks;
    this.newest = looks.at(-1) ?? looks[0];
    const all = looks.slice(1).map((later, index): Interval => {
      const earlier = looks[index] ?? later;
      return { earlier, later, seconds: (later.atMonotonicMs - earlier.atMonotonicMs) / 1000 };
    });
    const since = this.newest.atMonotonicMs - windowSeconds * 1000;
    const recent = all.filter(({ earlier }) => earlier.atMonotonicMs >= since);
    this.#intervals = recent.length >= leastIntervals ? recent : all.slice(-leastIntervals);
  }

  /** Those that are judged, oldest first: for what is worked out of several values of both looks. */
  get intervals(): readonly Interval[] {
    return this.#intervals;
  }

  /** How many intervals are judged. */
  get length(): number {
    return this.#intervals.length;
  }

  /** Seconds over all intervals that are judged. */
  get seconds(): number {
    return this.#intervals.reduce((sum, { seconds }) => sum + seconds, 0);
  }

  /** A gauge at the end of each interval; where it was not read, there is none. */
  values<T>(of: (look: Look) => T | undefined): readonly T[] {
    return this.#intervals.flatMap(({ later }) => of(later) ?? []);
  }

  /** Increases per second of a counter, by interval; one that fell, as after a restart, is left out. */
  rates(of: (look: Look) => number | undefined): readonly number[] {
    return this.#intervals.flatMap(({ earlier, later, seconds }) => {
      const [before, after] = [of(earlier), of(later)];
      return before === undefined || after === undefined || after < before || seconds <= 0
        ? []
        : [(after - before) / seconds];
    });
  }

  /** What two counters have added over an interval, one by the other, by interval; none where the divisor stood still. */
  ratios(of: (look: Look) => number | undefined, by: (look: Look) => number | undefined): readonly number[] {
    return this.#intervals.flatMap(({ earlier, later }) => {
      const [from, to, byFrom, byTo] = [of(earlier), of(later), by(earlier), by(later)];
      const isKnown = from !== undefined && to !== undefined && byFrom !== undefined && byTo !== undefined;
      return !isKnown || to < from || byTo <= byFrom ? [] : [(to - from) / (byTo - byFrom)];
    });
  }

  /** Whether something is so at the end of most intervals; a look that does not know does not count. */
  mostly(isSo: (look: Look) => boolean | undefined): boolean {
    return mostly(this.values(isSo), (value) => value);
  }
}

/** Whether most of the values are so; false where there are none. */
export function mostly<T>(values: readonly T[], isSo: (value: T) => boolean): boolean {
  return values.length > 0 && values.filter(isSo).length >= mostShare * values.length;
}
