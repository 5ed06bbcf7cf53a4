import type { PrefixTotals } from '../../cluster/sections.ts';
import { OTHER, prefixLabel } from './prefix-label.ts';
import type { SubtreeTotals } from './prefix-tree.ts';

/** A prefix that is shown goes only when another one is larger by this factor, so that two of a size do not take turns. */
const STAY = 1.25;

/**
 * The largest prefixes and all others together, from one look to the next. The writes of `other` are added up from what
 * each prefix had while it was not shown, so that this counter, too, never goes back.
 */
export class TopPrefixes {
  readonly #count: number;
  #shown = new Set<string>();
  #writes = new Map<string, number>();
  #otherWrites = 0;

  /** Shows at most `count` prefixes besides `other`. */
  constructor(count: number) {
    this.#count = count;
  }

  /** The shown prefixes, the largest first, and last `other`, unless nothing was ever left out. */
  update(totals: readonly SubtreeTotals[]): readonly PrefixTotals[] {
    const rows = totals.map(({ prefix, ...rest }) => ({ prefix: prefixLabel(prefix), ...rest }));
    const weight = ({ prefix, bytes }: PrefixTotals): number => bytes * (this.#shown.has(prefix) ? STAY : 1);
    rows.sort((a, b) => weight(b) - weight(a) || (a.prefix < b.prefix ? -1 : 1));
    const [top, rest] = [rows.slice(0, this.#count), rows.slice(this.#count)];
    for (const { prefix, writes } of rest) {
      this.#otherWrites += Math.max(0, writes - (this.#writes.get(prefix) ?? 0));
    }
    this.#writes = new Map(rows.map(({ prefix, writes }) => [prefix, writes]));
    this.#shown = new Set(top.map(({ prefix }) => prefix));
    top.sort((a, b) => b.bytes - a.bytes);
    if (rest.length === 0 && this.#otherWrites === 0) {
      return top;
    }
    const sum = (part: (row: PrefixTotals) => number): number => rest.reduce((total, row) => total + part(row), 0);
    return [
      ...top,
      {
        prefix: OTHER,
        keys: sum(({ keys }) => keys),
        bytes: sum(({ bytes }) => bytes),
        writes: this.#otherWrites,
        writesPerSecond: sum(({ writesPerSecond }) => writesPerSecond),
      },
    ];
  }
}
