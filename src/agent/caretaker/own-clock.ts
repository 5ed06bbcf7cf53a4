import type { HistoryEntry } from '../../cluster/caretaking.ts';

/** One moment, by both clocks of this process. */
export interface Moment {
  readonly nowMs: number;
  readonly monotonicMs: number;
}

/**
 * The history with ends when this process saw them arrive: whoever wrote them down may have had a clock that is behind or
 * ahead, and cool-downs would be too short or too long by as much.
 * @param arrived when entries arrived, by revision and the monotonic clock; those from before this process looked are absent
 */
export function byOwnClock(
  history: readonly HistoryEntry[],
  arrived: ReadonlyMap<bigint, number>,
  { nowMs, monotonicMs }: Moment,
): readonly HistoryEntry[] {
  return history.map((entry) => {
    const arrivedMs = arrived.get(entry.revision);
    if (arrivedMs === undefined) return entry;
    return { ...entry, endedAtMs: nowMs - (monotonicMs - arrivedMs) };
  });
}
