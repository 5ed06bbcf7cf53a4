import type { RetainedChain } from './chains.ts';
import type { ChainMarks } from './marks.ts';
import { type RetentionPolicy, SPANS } from './policy.ts';

/** Why a chain stays whatever the policy says. */
export type Protection = 'newest' | 'newest verified' | 'none is verified' | 'held';

/** Why a chain stays or goes. */
export type ChainReason =
  | Protection
  | 'recent'
  | 'hourly'
  | 'daily'
  | 'weekly'
  | 'monthly'
  /** It would have one of the places above, but is damaged: it stays all the same, and the place is another's. */
  | 'broken'
  | 'no longer needed'
  | 'total size';

/** Where no chain is known to be whole, so many stay. */
export const UNVERIFIED_CHAINS = 2;

/** Those that stay whatever the policy says, by id. */
function protectedChains(
  chains: readonly RetainedChain[],
  { held, verified, broken }: ChainMarks,
): ReadonlyMap<string, Protection> {
  const protections = new Map<string, Protection>();
  const newestVerified = chains.findLast(({ name }) => verified.has(name.id));
  if (newestVerified === undefined) {
    const perhapsWhole = chains.filter(({ name }) => !broken.has(name.id));
    for (const some of [chains, perhapsWhole]) {
      for (const { name } of some.slice(-UNVERIFIED_CHAINS)) protections.set(name.id, 'none is verified');
    }
  } else {
    protections.set(newestVerified.name.id, 'newest verified');
  }
  const newest = chains.at(-1);
  if (newest !== undefined) protections.set(newest.name.id, 'newest');
  for (const { name } of chains) {
    if (held.has(name.id)) protections.set(name.id, 'held');
  }
  return protections;
}

/** What the policy says of each chain, by id, its total size aside. Those that are protected take their places like others. */
export function chooseChains(
  chains: readonly RetainedChain[],
  marks: ChainMarks,
  policy: RetentionPolicy,
  nowMs: number,
): Map<string, ChainReason> {
  const chosen = new Map<string, ChainReason>();
  const sinceMs = newestTimeMs(chains, nowMs) - policy.keepAllMs;
  for (const id of inPlaces(chains, policy).keys()) if (marks.broken.has(id)) chosen.set(id, 'broken');
  // Of those that may be whole none goes for one that is not.
  const perhapsWhole = chains.filter(({ name }) => !marks.broken.has(name.id));
  for (const [id, reason] of inPlaces(perhapsWhole, policy)) chosen.set(id, reason);
  for (const { name, timeMs } of chains) {
    if (timeMs >= sinceMs) chosen.set(name.id, marks.broken.has(name.id) ? 'broken' : 'recent');
    else if (!chosen.has(name.id)) chosen.set(name.id, 'no longer needed');
  }
  for (const [id, protection] of protectedChains(chains, marks)) chosen.set(id, protection);
  return chosen;
}

/** The newest chain of each span, as many as the policy says. */
function inPlaces(chains: readonly RetainedChain[], policy: RetentionPolicy): ReadonlyMap<string, ChainReason> {
  const chosen = new Map<string, ChainReason>();
  const newestFirst = chains.toReversed();
  for (const span of SPANS) {
    const seen = new Set<number>();
    for (const { name, timeMs } of newestFirst) {
      const place = span.of(timeMs);
      if (seen.has(place) || seen.size >= policy[span.name]) continue;
      seen.add(place);
      if (!chosen.has(name.id)) chosen.set(name.id, span.name);
    }
  }
  return chosen;
}

/**
 * From when ages are counted: the newest chain's time, which neither the clock that named it nor that of the store puts into the
 * future.
 */
export function newestTimeMs(chains: readonly RetainedChain[], nowMs: number): number {
  const times = chains.map(({ timeMs, manifest }) => Math.min(timeMs, manifest.modifiedAtMs));
  return Math.min(
    nowMs,
    times.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
  );
}
