import type { Parsed } from './parsed.ts';

/** The units of a duration from long to short, each with its length in ms. */
const unitMs: ReadonlyMap<string, number> = new Map([
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
]);

/** What every duration matches, as a regular expression for the JSON Schema. */
export const durationPattern = '^([0-9]+(\\.[0-9]+)?(d|h|ms|m|s))+$';

const units = [...unitMs.keys()];

/**
 * Reads a duration such as `10s`, `250ms`, `1.5h` or `1h30m`: numbers with the units d, h, m, s and ms, the longest
 * first, each at most once, nothing between them. Gives whole milliseconds. A number without a unit is refused.
 */
export function parseDurationMs(text: string): Parsed<number> {
  if (/^[0-9.]+$/.test(text)) return { problem: 'it has no unit' };
  if (!/^(?:[0-9]+(?:\.[0-9]+)?[a-zA-Zµ]+)+$/.test(text)) return { problem: 'it is not a duration' };
  let totalMs = 0;
  let nextUnit = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(/([0-9.]+)([a-zA-Zµ]+)/g)) {
    const lengthMs = unitMs.get(unit);
    if (lengthMs === undefined) return { problem: `"${unit}" is not a unit of time` };
    if (units.indexOf(unit) < nextUnit) return { problem: 'its units are not in the order d, h, m, s, ms' };
    nextUnit = units.indexOf(unit) + 1;
    totalMs += Number(amount) * lengthMs;
  }
  // 1.1s is 1100.0000000000002 ms in binary: only what is further off than that is a fraction of a millisecond.
  const wholeMs = Math.round(totalMs);
  if (!Number.isSafeInteger(wholeMs)) return { problem: 'it is too long' };
  if (Math.abs(wholeMs - totalMs) > 1e-6) return { problem: 'it is finer than a millisecond' };
  return { value: wholeMs };
}

/** Writes whole milliseconds in the shortest form that `parseDurationMs` reads back: 5400000 becomes `1h30m`. */
export function formatDurationMs(durationMs: number): string {
  let restMs = durationMs;
  let text = '';
  for (const [unit, lengthMs] of unitMs) {
    const amount = Math.floor(restMs / lengthMs);
    if (amount > 0) text += `${amount}${unit}`;
    restMs -= amount * lengthMs;
  }
  return text === '' ? '0s' : text;
}
