import { formatBytes, formatLatency, formatPercent, formatSpan } from '../units.ts';

/** A number of the API's JSON; undefined where it is unknown or infinite. */
export function finite(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** A figure in its unit, or `-` where it is not known. */
function shown(value: unknown, format: (value: number) => string): string {
  const number = finite(value);
  return number === undefined ? '-' : format(number);
}

export const latency = (seconds: unknown): string => shown(seconds, formatLatency);
export const bytes = (value: unknown): string => shown(value, formatBytes);
export const percent = (ratio: unknown): string => shown(ratio, formatPercent);

/** How long ago something was: two clocks differ, so what seems to lie ahead has just been. */
export function ago(atMs: number, nowMs: number): string {
  return Number.isFinite(atMs) ? formatSpan(Math.max(0, nowMs - atMs) / 1000) : '-';
}

/** When something was, in UTC: the time of day, and the date alone where that was another day than now. */
export function dayOrClock(atMs: number, nowMs: number): string {
  const time = clock(atMs);
  const isToday = Math.floor(atMs / 86_400_000) === Math.floor(nowMs / 86_400_000);
  return isToday || time.startsWith('-') ? time : new Date(atMs).toISOString().slice(0, 10);
}

/** The time of day in UTC: `12:00:03`. */
export function clock(atMs: number): string {
  return Number.isFinite(atMs) && Math.abs(atMs) < 8.64e15 ? new Date(atMs).toISOString().slice(11, 19) : '--:--:--';
}
