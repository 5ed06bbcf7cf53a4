import type { Search } from './search.ts';

/** So many on either side of what a search finds are asked too: clocks are set, and a time may come twice. */
const NEIGHBOURS = 3;

export interface Times<T> {
  /** The last one that had ended by then. */
  readonly found: T | undefined;
  /** When it had ended, ms since 1970; 0 where there is none. */
  readonly endedAtMs: number;
  /** Near it, each one ended after the one before it. */
  readonly ascend: boolean;
}

/**
 * The last entry that had ended by a time. A few of them are asked only; one that is broken is passed over, since the others tell
 * enough. Throws what `endOf` does, but for what says that an object is broken.
 */
export async function lastWhere<T extends { readonly key: string }>(
  entries: readonly T[],
  atMs: number,
  search: Search,
  endOf: (entry: T) => Promise<number>,
): Promise<Times<T>> {
  const ends = new Map<string, number>();
  /** Undefined: it is broken. */
  const endedAt = async (entry: T): Promise<number | undefined> => {
    if (search.isBroken(entry.key)) return undefined;
    const known = ends.get(entry.key);
    if (known !== undefined) return known;
    try {
      const end = await endOf(entry);
      ends.set(entry.key, end);
      return end;
    } catch (error) {
      search.note(entry.key, error);
      return undefined;
    }
  };
  let whole = [...entries];
  let [from, to] = [0, whole.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const entry = whole[middle];
    if (entry === undefined) break;
    const end = await endedAt(entry);
    if (end === undefined) {
      whole = whole.toSpliced(middle, 1);
      to -= 1;
    } else if (end <= atMs) from = middle + 1;
    else to = middle;
  }
  let ascend = true;
  let before = 0;
  let found: { readonly entry: T; readonly end: number } | undefined;
  for (let at = Math.max(0, from - NEIGHBOURS); at < Math.min(whole.length, from + NEIGHBOURS); at += 1) {
    const entry = whole[at];
    const end = entry === undefined ? undefined : await endedAt(entry);
    if (entry === undefined || end === undefined) continue;
    if (end < before) ascend = false;
    before = end;
    if (end > atMs) continue;
    found = { entry, end };
    // What comes after it is looked at as well.
    from = Math.max(from, at + 1);
  }
  return { found: found?.entry, endedAtMs: found?.end ?? 0, ascend };
}
