import type { ClusterState, MemberState } from '../../cluster/state.ts';
import type { KeyspaceHash } from '../effects.ts';
import type { OperationResult } from '../operation.ts';
import type { Parts } from './parts.ts';
import { votersOf } from './unsafe.ts';

/** The hashes of all voters at one revision. */
export type Hashes = ReadonlyMap<MemberState, KeyspaceHash>;

/** The newest revision that all voters have. */
export async function newestOfAll(state: ClusterState, { effects }: Parts, signal: AbortSignal): Promise<bigint> {
  const statuses = await Promise.all(votersOf(state).map(({ id }) => effects.status(id, signal)));
  const [least = 0n] = statuses.map(({ revision }) => revision).toSorted((a, b) => (a < b ? -1 : Number(a > b)));
  return least;
}

/**
 * The result of a comparison that has differed so many times: names who differs from the majority; where there is none, all of them. Figures
 * `hashMismatch`, `members`, and `hashDiffers.<member id>` for each that differs.
 */
export function mismatch(hashes: Hashes, times: number): OperationResult {
  const groups = [...Map.groupBy(hashes, ([, { hash }]) => hash).values()].toSorted((a, b) => b.length - a.length);
  const [largest = []] = groups;
  const named = (group: Iterable<[MemberState, KeyspaceHash]>): string =>
    [...group].map(([{ name, id }]) => `${name} (${id})`).join(', ');
  const isMajority = largest.length * 2 > hashes.size;
  const odd = isMajority ? groups.slice(1).flat() : [...hashes];
  const summary = isMajority
    ? `MISMATCH, ${times} times in a row: ${named(odd)} differs from the majority (${named(largest)}).`
    : `MISMATCH, ${times} times in a row, and no majority agrees: ${groups.map(named).join(' | ')}.`;
  const differs = odd.map(([{ id }]) => [`hashDiffers.${id}`, 1] as const);
  const figures = { hashMismatch: 1, members: hashes.size, ...Object.fromEntries(differs) };
  return { outcome: 'succeeded', summary, figures };
}
