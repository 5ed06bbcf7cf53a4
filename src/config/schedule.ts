import * as z from 'zod';
import { crontabProblem } from './crontab.ts';
import { leaf, reading } from './leaves.ts';
import type { Parsed } from './parsed.ts';
import { isTimeZone } from './time-zone.ts';

/** When something is done again and again. */
export interface Schedule {
  /** Five crontab fields, one space between them. */
  readonly crontab: string;
  /** IANA name. */
  readonly timezone: string;
  /** As somebody wrote it. */
  readonly text: string;
}

/** Reads `30 3 * * *` or `30 3 * * 6 in Europe/Berlin`. */
function parseSchedule(text: string): Parsed<Schedule> {
  const [, crontab = '', timezone = 'UTC'] = /^\s*(.*?)(?:\s+in\s+(\S+))?\s*$/.exec(text) ?? [];
  const problem = crontabProblem(crontab);
  if (problem !== undefined) return { problem };
  if (!isTimeZone(timezone)) return { problem: `"${timezone}" is not a time zone that this machine knows` };
  return { value: { crontab: crontab.trim().replace(/\s+/g, ' '), timezone, text: text.trim() } };
}

/** A crontab time. */
export function schedule(about: string) {
  const allowed =
    'a crontab time of five fields, and "in" and a time zone unless it is UTC, such as "30 3 * * *" or "30 3 * * 6 in Europe/Berlin"';
  return leaf(z.string().transform(reading(parseSchedule)), about, allowed);
}
