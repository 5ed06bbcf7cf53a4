import { median } from '../../cluster/median.ts';
import type { PrefixTotals } from '../../cluster/sections.ts';
import { formatBytes, formatPercent } from '../../cluster/units.ts';
import type { Window } from './window.ts';

/** What the totals call all prefixes that are not shown. */
const rest = 'other';

/** A prefix with at least this share of all is named. */
const namedShare = 0.3;

/** An answer has about the size of a prefix, as long as it is within this factor of it. */
const sameSizeFactor = 2;

/** A prefix, and what makes it stand out. */
export interface NamedPrefix {
  readonly prefix: string;
  readonly text: string;
}

/** The prefix with most of the writes; undefined where this agent keeps no totals, or none stands out. */
export function busiestPrefix(window: Window): NamedPrefix | undefined {
  const prefixes = prefixesOf(window);
  const rateOf = (prefix: string) =>
    median(window.rates(({ values }) => values.keyspace?.prefixes.find((each) => each.prefix === prefix)?.writes)) ?? 0;
  const rated = prefixes.map(({ prefix }) => ({ prefix, amount: rateOf(prefix) }));
  const found = outstanding(rated);
  return found && { ...found, text: `${formatPercent(found.share)} of the writes are under ${found.prefix}` };
}

/** The prefix that grows fastest over all looks that are kept; where none grows, the largest. */
export function growingPrefix(window: Window): NamedPrefix | undefined {
  const first = window.looks.find(({ values }) => (values.keyspace?.prefixes.length ?? 0) > 0);
  const before = new Map(first?.values.keyspace?.prefixes.map(({ prefix, bytes }) => [prefix, bytes]));
  const grown = prefixesOf(window).map(({ prefix, bytes }) => ({
    prefix,
    amount: Math.max(0, bytes - (before.get(prefix) ?? (before.size > 0 ? 0 : bytes))),
  }));
  const growing = outstanding(grown);
  if (growing !== undefined) {
    const seconds = Math.round((window.newest.atMonotonicMs - (first?.atMonotonicMs ?? 0)) / 1000);
    return {
      prefix: growing.prefix,
      text: `${growing.prefix} has grown by ${formatBytes(growing.amount)} in ${seconds} s`,
    };
  }
  const largest = outstanding(prefixesOf(window).map(({ prefix, bytes }) => ({ prefix, amount: bytes })));
  return (
    largest && { prefix: largest.prefix, text: `${largest.prefix} is the largest, with ${formatBytes(largest.amount)}` }
  );
}

/** The prefix that answers of this size are likely of: etcd does not count what is read by prefix. */
export function likelyRangedPrefix(window: Window, answerBytes: number): PrefixTotals | undefined {
  return prefixesOf(window)
    .filter(({ bytes }) => bytes > 0 && answerBytes / bytes < sameSizeFactor && bytes / answerBytes < sameSizeFactor)
    .toSorted((a, b) => distance(a, answerBytes) - distance(b, answerBytes))[0];
}

function distance({ bytes }: PrefixTotals, answerBytes: number): number {
  return Math.abs(Math.log(bytes / answerBytes));
}

function prefixesOf({ newest }: Window): readonly PrefixTotals[] {
  return (newest.values.keyspace?.prefixes ?? []).filter(({ prefix }) => prefix !== rest);
}

function outstanding(
  amounts: readonly { readonly prefix: string; readonly amount: number }[],
): { readonly prefix: string; readonly amount: number; readonly share: number } | undefined {
  const total = amounts.reduce((sum, { amount }) => sum + amount, 0);
  const [first] = amounts.toSorted((a, b) => b.amount - a.amount);
  const share = first === undefined || total <= 0 ? 0 : first.amount / total;
  return first === undefined || share < namedShare ? undefined : { ...first, share };
}
