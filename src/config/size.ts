import type { Parsed } from './parsed.ts';

/** The units of a size from large to small, each in bytes. */
const unitBytes: ReadonlyMap<string, number> = new Map([
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
  ['B', 1],
]);

/** What every size matches that is written as text, as a regular expression for the JSON Schema. */
export const sizePattern = '^[0-9]+(\\.[0-9]+)? ?(B|KiB|MiB|GiB|TiB)?$';

/**
 * Reads a size such as `64MiB`, `1.5GiB` or `4096` (bytes), with the units B, KiB, MiB, GiB and TiB. Gives whole bytes.
 * `MB` and `G` are refused: some read them as powers of 1000 and others as powers of 1024.
 */
export function parseSizeBytes(text: string): Parsed<number> {
  const match = /^([0-9]+(?:\.[0-9]+)?) ?([a-zA-Z]*)$/.exec(text);
  if (match === null) return { problem: 'it is not a size' };
  const [, amount = '', unit = ''] = match;
  const factor = unitBytes.get(unit === '' ? 'B' : unit);
  if (factor === undefined) {
    const likely = [...unitBytes.keys()].find((known) => known[0]?.toLowerCase() === unit[0]?.toLowerCase());
    const hint = likely === undefined ? '' : `; write ${amount}${likely} if powers of 1024 are meant`;
    return { problem: `"${unit}" is not a unit of size${hint}` };
  }
  const bytes = Number(amount) * factor;
  if (bytes > Number.MAX_SAFE_INTEGER) return { problem: 'it is too large' };
  if (!Number.isInteger(bytes)) return { problem: 'it is not a whole number of bytes' };
  return { value: bytes };
}

/** Writes bytes with the largest unit that divides them: 67108864 becomes `64MiB`, 1000 becomes `1000B`. */
export function formatSizeBytes(bytes: number): string {
  for (const [unit, factor] of unitBytes) {
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return `${bytes}B`;
}
