import { cronSchedule } from './schedule.ts';

const DAY_MS = 86_400_000;
/** Every month of a schedule comes within it; one that comes more seldom counts as this long. */
const LOOK_BACK_MS = 32 * DAY_MS;
/** What starts more often than hourly is told by this many of its starts. */
const MOST_STARTS = 800;

/**
 * The longest time between two starts of a schedule, in seconds, as the last 32 days had them: what may pass without one
 * while all is well. It looks at each minute of them once, some milliseconds, so it is
 * worked out once in the life of an agent.
 * @param untilMs wall clock
 */
export function longestIntervalSeconds(
  { crontab, timezone }: { readonly crontab: string; readonly timezone: string },
  untilMs: number,
): number {
  const schedule = cronSchedule(crontab, timezone);
  const fromMs = untilMs - LOOK_BACK_MS;
  let laterMs = schedule.lastStart(fromMs, untilMs);
  let longestMs = 0;
  for (let starts = 0; laterMs !== undefined && starts < MOST_STARTS; starts++) {
    const earlierMs = schedule.lastStart(fromMs, laterMs - 1);
    if (earlierMs === undefined) break;
    longestMs = Math.max(longestMs, laterMs - earlierMs);
    laterMs = earlierMs;
  }
  return (longestMs === 0 ? LOOK_BACK_MS : longestMs) / 1000;
}
