import type { AlignedData } from 'uplot';
import type { SeriesName } from '../../expose/live/words.ts';
import { type MemberHistory, shownSeconds } from '../live/member-history.ts';

/** A round that came late leaves no gap; one that did not come does. */
const BRIDGED_STEPS = 2;

/** An agent that has just begun has little to show: its lines need not be squeezed into the edge of an hour. */
const SHORTEST_SECONDS = 600;

/**
 * Pure: one series of all members on one time axis that ends with the newest sample of all, and is an hour long once that much is known. Where a value was not
 * known, or no sample is, there is null: a gap in the line. `undefined` between two samples is none: the line goes on.
 */
export function alignedSeries(
  histories: readonly MemberHistory[],
  members: readonly string[],
  name: SeriesName,
): AlignedData {
  const step = Math.max(1, ...histories.map(({ stepSeconds }) => stepSeconds));
  const newest = Math.max(0, ...histories.map(({ times }) => times.at(-1) ?? 0));
  const oldest = Math.min(newest, ...histories.map(({ times }) => times[0] ?? newest));
  const seconds = Math.min(shownSeconds, Math.max(SHORTEST_SECONDS, newest - oldest));
  const count = Math.floor(seconds / step) + 1;
  const start = newest - (count - 1) * step;
  const times = Array.from({ length: count }, (_, index) => start + index * step);
  return [
    times,
    ...members.map((member) => {
      const history = histories.find((each) => each.member === member);
      const values = new Array<number | null | undefined>(count).fill(undefined);
      for (const [at, time] of (history?.times ?? []).entries()) {
        const index = Math.round((time - start) / step);
        if (index >= 0 && index < count) values[index] = history?.series[name][at] ?? null;
      }
      return withGaps(values);
    }),
  ];
}

function withGaps(values: (number | null | undefined)[]): (number | null | undefined)[] {
  let from = 0;
  while (from < values.length) {
    let to = from;
    while (to < values.length && values[to] === undefined) to += 1;
    const isInside = from > 0 && to < values.length;
    if (!isInside || to - from > BRIDGED_STEPS) values.fill(null, from, to);
    from = Math.max(to, from + 1);
  }
  return values;
}
