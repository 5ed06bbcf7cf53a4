import * as z from 'zod';
import { crontabProblem } from './crontab.ts';
import { parseDurationMs } from './duration.ts';
import { leaf, reading } from './leaves.ts';
import type { Parsed } from './parsed.ts';
import { isTimeZone } from './time-zone.ts';

/** A time in which maintenance that can be felt may be done. */
export interface MaintenanceWindow {
  /** Five crontab fields, one space between them. */
  readonly start: string;
  readonly durationMs: number;
  /** IANA name. */
  readonly timezone: string;
  /** As somebody wrote it. */
  readonly text: string;
}

/** Shorter than a minute nothing is done in it; longer than a week it is always open. */
const shortestMs = 60_000;
const longestMs = 7 * 86_400_000;

const allowed =
  'a list of texts, each a crontab time of five fields, "for" and a duration from 1m to 7d, and "in" and a time zone unless it is UTC, such as "0 2 * * * for 2h" or "30 1 * * 6 for 4h in Europe/Berlin"';

/** Reads `30 1 * * 6 for 4h in Europe/Berlin`. */
export function parseMaintenanceWindow(text: string): Parsed<MaintenanceWindow> {
  const match = /^\s*(.*?)\s+for\s+(\S+)(?:\s+in\s+(\S+))?\s*$/.exec(text);
  if (match === null) return { problem: 'it does not say for how long ("0 2 * * * for 2h")' };
  const [, start = '', length = '', timezone = 'UTC'] = match;
  const problem = crontabProblem(start);
  if (problem !== undefined) return { problem };
  const duration = parseDurationMs(length);
  if ('problem' in duration) return { problem: `its duration "${length}" is none: ${duration.problem}` };
  if (duration.value < shortestMs || duration.value > longestMs) {
    return { problem: `its duration ${length} is not from 1m to 7d` };
  }
  if (!isTimeZone(timezone)) return { problem: `"${timezone}" is not a time zone that this machine knows` };
  return {
    value: { start: start.trim().replace(/\s+/g, ' '), durationMs: duration.value, timezone, text: text.trim() },
  };
}

/** A list of windows, which may be empty. */
export function maintenanceWindows(about: string) {
  return leaf(z.array(z.string().transform(reading(parseMaintenanceWindow))), about, allowed, {
    form: 'list',
    separator: ';',
    wrongType: 'it is not a list of texts',
  });
}
