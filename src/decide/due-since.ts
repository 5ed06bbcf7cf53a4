import { cronSchedule, type Schedule } from './schedule.ts';

/** When something is done again and again, as somebody has configured it. */
export interface ConfiguredSchedule {
  /** Five fields. */
  readonly crontab: string;
  /** IANA name. */
  readonly timezone: string;
  /** As somebody wrote it. */
  readonly text: string;
}

/** What was found out when it was last looked, so that each minute is looked at once. */
interface Looked {
  readonly schedule: Schedule;
  afterMinute: number;
  /** Everything after `afterMinute` and up to here was looked at. */
  untilMs: number;
  isDue: boolean;
}

/** Settings are read once and stay the same objects for the life of the process, and so do these. */
const looked = new WeakMap<ConfiguredSchedule, Looked>();

const MINUTE_MS = 60_000;

/** Whether the schedule has come due after `afterMs`, now included. Wall clocks, ms since 1970. */
export function dueSince(schedule: ConfiguredSchedule, afterMs: number, nowMs: number): boolean {
  const known = looked.get(schedule) ?? {
    schedule: cronSchedule(schedule.crontab, schedule.timezone),
    afterMinute: Number.NaN,
    untilMs: 0,
    isDue: false,
  };
  looked.set(schedule, known);
  // It comes due at full minutes only.
  const afterMinute = Math.floor(afterMs / MINUTE_MS);
  const goesOn = known.afterMinute === afterMinute && nowMs >= known.untilMs;
  const start = known.schedule.lastStart(goesOn ? known.untilMs : afterMinute * MINUTE_MS, nowMs);
  known.isDue = start !== undefined || (goesOn && known.isDue);
  known.afterMinute = afterMinute;
  known.untilMs = nowMs;
  return known.isDue;
}
