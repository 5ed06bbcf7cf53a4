import { createTask, parse } from 'node-cron';

const MINUTE_MS = 60_000;

/** When a crontab expression comes due in a time zone. */
export interface Schedule {
  /** The newest start in (afterMs, untilMs], or undefined. The work grows with the minutes between: one look at each. */
  lastStart(afterMs: number, untilMs: number): number | undefined;
}

/**
 * Reads five crontab fields. `node-cron` decides what they match; it is asked about the clock on the wall, and what the
 * wall clock does twice a year is decided here as cron(8) does: a time that is skipped in spring comes due in the first
 * minute after the gap, and one that comes twice in autumn is due the first time only. Where the hour is `*`, or a step of
 * it, the expression is about intervals and not about times of the day: it is due whenever the wall clock matches.
 * Where both day fields are given, both have to match. Throws what `node-cron` throws for an expression that is none, and
 * RangeError for a time zone that is none.
 */
export function cronSchedule(expression: string, timezone: string): Schedule {
  const wallClock = wallClockIn(timezone);
  // In UTC no minute is skipped or repeated, so every wall-clock time can be asked about. The task never runs.
  const task = createTask(expression, () => undefined, { timezone: 'UTC' });
  const fields = parse(expression);
  const [minutes, hours] = [new Set(fields.minute), new Set(fields.hour)];
  const isDue = (wallMs: number): boolean => {
    const wall = new Date(wallMs);
    // Only for speed: node-cron asks the time zone's calendar each time, and most minutes are out by these two alone.
    return minutes.has(wall.getUTCMinutes()) && hours.has(wall.getUTCHours()) && task.match(wall);
  };
  // node-cron keeps a list of all its tasks; a destroyed one is off it and still matches.
  void task.destroy();
  const byInterval = (expression.trim().split(/\s+/).at(-4) ?? '').startsWith('*');

  function isStart(atMs: number): boolean {
    const wallMs = wallClock(atMs);
    if (byInterval) return isDue(wallMs);
    const beforeMs = wallClock(atMs - MINUTE_MS);
    for (let skippedMs = beforeMs + MINUTE_MS; skippedMs < wallMs; skippedMs += MINUTE_MS) {
      if (isDue(skippedMs)) return true;
    }
    return isDue(wallMs) && !isRepeated(wallClock, atMs, wallMs);
  }

  return {
    lastStart: (afterMs, untilMs) => {
      for (let atMs = Math.floor(untilMs / MINUTE_MS) * MINUTE_MS; atMs > afterMs; atMs -= MINUTE_MS) {
        if (isStart(atMs)) return atMs;
      }
      return undefined;
    },
  };
}

type WallClock = (atMs: number) => number;

/** Turning back by half an hour (Lord Howe) and by an hour is all that there is today; older ones went up to two. */
const TURNS_MS = [30, 60, 120].map((minutes) => minutes * MINUTE_MS);

/** Whether the wall clock has shown this very time before. */
function isRepeated(wallClock: WallClock, atMs: number, wallMs: number): boolean {
  return TURNS_MS.some((turnMs) => wallClock(atMs - turnMs) === wallMs);
}

/** Clocks are changed at quarters of an hour of UTC. */
const QUARTER_MS = 15 * MINUTE_MS;

/** What a clock on the wall shows, as if it were UTC. */
function wallClockIn(timezone: string): WallClock {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  function shownAt(quarterMs: number): number {
    const parts = new Map(format.formatToParts(quarterMs).map(({ type, value }) => [type, Number(value)]));
    const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
    return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'));
  }
  let knownMs = Number.NaN;
  let shownMs = Number.NaN;
  return (atMs) => {
    const quarterMs = Math.floor(atMs / QUARTER_MS) * QUARTER_MS;
    if (quarterMs !== knownMs) {
      knownMs = quarterMs;
      shownMs = shownAt(quarterMs);
    }
    return shownMs + (atMs - quarterMs);
  };
}
