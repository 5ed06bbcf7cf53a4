import { formatSpan } from '../../cluster/units.ts';

/** `12:00:03`, in UTC as all times here. */
export function clockText(atMs: number): string {
  return isValid(atMs) ? new Date(atMs).toISOString().slice(11, 19) : '?';
}

/** For machines, as `<time datetime>` takes it; undefined where no calendar has it. */
export function machineTime(atMs: number): string | undefined {
  return isValid(atMs) ? new Date(atMs).toISOString() : undefined;
}

/** `12:00:03` of the same day, else `3 Dec 12:00`, in UTC. */
export function momentText(atMs: number, nowMs: number): string {
  if (!isValid(atMs)) return '?';
  const iso = new Date(atMs).toISOString();
  if (isValid(nowMs) && iso.slice(0, 10) === new Date(nowMs).toISOString().slice(0, 10)) return iso.slice(11, 19);
  const month = months[Number(iso.slice(5, 7)) - 1];
  return `${Number(iso.slice(8, 10))} ${month} ${iso.slice(11, 16)}`;
}

/** `2026-01-01 12:00:03 UTC`. */
export function fullTimeText(atMs: number): string {
  return isValid(atMs) ? `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC` : '?';
}

/** `12 s ago`. The clocks of two machines differ: what seems to lie ahead has just been. */
export function agoText(atMs: number, nowMs: number): string {
  return `${spanBetween(atMs, nowMs)} ago`;
}

/** From one time to another one, never below `0 s`. */
export function spanBetween(fromMs: number, toMs: number): string {
  return formatSpan(Math.max(0, toMs - fromMs) / 1000);
}

/** What `datetime-local` takes, without a zone: it is meant in UTC. */
export function toInputTime(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 19);
}

/** The other way round; undefined where it is no time. */
export function fromInputTime(text: string): number | undefined {
  const atMs = Date.parse(`${text}Z`);
  return Number.isNaN(atMs) ? undefined : atMs;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** A time that a calendar has, with a year of four digits (ECMA-262, time values). */
function isValid(atMs: number): boolean {
  return Number.isFinite(atMs) && atMs >= -62_135_596_800_000 && atMs <= 253_402_300_799_999;
}
