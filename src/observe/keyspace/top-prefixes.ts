import { OTHER, prefixLabel } from '../../cluster/prefix-label.ts';
import type { PrefixTotals } from '../../cluster/sections.ts';
import type { SubtreeTotals } from './prefix-tree.ts';

/** A prefix that is shown goes only when another one is larger by this factor, so that two of a size do not take turns. */
const STAY = 1.25;

/**
 * The largest prefixes and all others together, from one look to the next. Each write counts once: under its prefix where
 * that is shown, else under `other`, and there it stays when the prefix is shown later. So no count of writes goes back,
 * and rates over all of them add up.
 */
export class TopPrefixes {
  readonly #count: number;
  #shown = new Set<object>();
  readonly #writes = new WeakMap<object, { readonly seen: number; readonly underOther: number }>();
  #otherWrites = 0;

  /** Shows at most `count` prefixes besides `other`. */
  constructor(count: number) {
    this.#count = count;
  }

  /** The shown prefixes, the largest first, and last `other`, unless nothing was ever left out. */
  update(totals: readonly SubtreeTotals[]): readonly PrefixTotals[] {
    const weight = ({ identity, bytes }: SubtreeTotals): number => bytes * (this.#shown.has(identity) ? STAY : 1);
    const rows = totals.toSorted((a, b) => weight(b) - weight(a));
    const [top, rest] = [rows.slice(0, this.#count), rows.slice(this.#count)];
    for (const { identity, writes } of top) {
      this.#writes.set(identity, { seen: writes, underOther: this.#underOther(identity) });
    }
    for (const { identity, writes } of rest) {
      const fresh = writes - (this.#writes.get(identity)?.seen ?? 0);
      this.#otherWrites += fresh;
      this.#writes.set(identity, { seen: writes, underOther: this.#underOther(identity) + fresh });
    }
    this.#shown = new Set(top.map(({ identity }) => identity));
    const shown = top
      .sort((a, b) => b.bytes - a.bytes)
      .map(({ identity, prefix, keys, bytes, writes, writesPerSecond }) => {
        const own = writes - this.#underOther(identity);
        return { prefix: prefixLabel(prefix), keys, bytes, writes: own, writesPerSecond };
      });
    return rest.length === 0 && this.#otherWrites === 0 ? shown : [...shown, this.#other(rest)];
  }

  #underOther(identity: object): number {
    return this.#writes.get(identity)?.underOther ?? 0;
  }

  #other(rest: readonly SubtreeTotals[]): PrefixTotals {
    const sum = (part: (row: SubtreeTotals) => number): number => rest.reduce((total, row) => total + part(row), 0);
    return {
      prefix: OTHER,
      keys: sum(({ keys }) => keys),
      bytes: sum(({ bytes }) => bytes),
      writes: this.#otherWrites,
      writesPerSecond: sum(({ writesPerSecond }) => writesPerSecond),
    };
  }
}
