import type { RevisionRange } from './chain.ts';
import { byRevision } from './revisions.ts';

/** Ascending; those that touch or overlap are one, and empty ones none. */
export function joined(ranges: readonly RevisionRange[]): readonly RevisionRange[] {
  const all: RevisionRange[] = [];
  const ascending = ranges.filter(({ from, to }) => from <= to).toSorted((a, b) => byRevision(a.from, b.from));
  for (const { from, to } of ascending) {
    const last = all.at(-1);
    if (last === undefined || from > last.to + 1n) all.push({ from, to });
    else if (to > last.to) all[all.length - 1] = { from: last.from, to };
  }
  return all;
}

/** What of the ranges is in none of the others. Ascending. */
export function without(ranges: readonly RevisionRange[], others: readonly RevisionRange[]): readonly RevisionRange[] {
  const taken = joined(others);
  return joined(ranges).flatMap((range) => {
    const left: RevisionRange[] = [];
    let next = range.from;
    for (const { from, to } of taken) {
      if (to < next) continue;
      if (from > range.to) break;
      if (from > next) left.push({ from: next, to: from - 1n });
      next = to + 1n;
    }
    if (next <= range.to) left.push({ from: next, to: range.to });
    return left;
  });
}
