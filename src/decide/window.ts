import { cronSchedule, type Schedule } from './schedule.ts';
import type { MaintenanceWindow } from './settings.ts';

/** What was found out about a window when it was last looked at, so that each minute is looked at once. */
interface Looked {
  readonly schedule: Schedule;
  /** Everything after `fromMs` and up to here has been looked at. */
  fromMs: number;
  untilMs: number;
  startMs: number | undefined;
}

/** Settings are read once and stay the same objects for the life of the process, and so do these. */
const looked = new WeakMap<MaintenanceWindow, Looked>();

/**
 * Whether a window is open: its `start` came due less than `durationMs` ago (that instant included, the end not). The
 * first look goes back over the whole duration, every later one over what is new; the answer is the same either way.
 */
export function isOpen(window: MaintenanceWindow, nowMs: number): boolean {
  const earliestMs = nowMs - window.durationMs;
  const before = looked.get(window) ?? newLook(window);
  // The wall clock may have jumped: what lies outside of what has been looked at is looked at again.
  const goesOn = nowMs >= before.untilMs && earliestMs <= before.untilMs && earliestMs >= before.fromMs;
  const start = before.schedule.lastStart(goesOn ? before.untilMs : earliestMs, nowMs);
  before.startMs = start ?? (goesOn ? before.startMs : undefined);
  before.fromMs = earliestMs;
  before.untilMs = nowMs;
  looked.set(window, before);
  return before.startMs !== undefined && before.startMs > earliestMs;
}

function newLook({ start, timezone }: MaintenanceWindow): Looked {
  return {
    schedule: cronSchedule(start, timezone),
    fromMs: Number.POSITIVE_INFINITY,
    untilMs: Number.NEGATIVE_INFINITY,
    startMs: undefined,
  };
}

/** How the windows stand: none are configured, one of them is open, or all are shut. */
export function windowsNow(windows: readonly MaintenanceWindow[], nowMs: number): 'none' | 'open' | 'shut' {
  if (windows.length === 0) return 'none';
  return windows.some((window) => isOpen(window, nowMs)) ? 'open' : 'shut';
}

/** The windows as somebody wrote them, for a sentence. */
export function windowsText(windows: readonly MaintenanceWindow[]): string {
  return windows.map(({ text }) => `"${text}"`).join(' and ');
}
