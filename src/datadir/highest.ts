import type { DataDirState } from '../cluster/own-member.ts';

type Intact = Extract<DataDirState, { state: 'intact' }>;

/**
 * Those whose data are intact, the most advanced one first: as raft compares logs (section 5.4.1), by the term of the last entry and then
 * by its index. Whoever is first among a majority holds every write that was acknowledged.
 */
export function highestOf<T extends { readonly dataDir: DataDirState }>(
  survivors: readonly T[],
): readonly (T & { readonly dataDir: Intact })[] {
  return survivors
    .filter((one): one is T & { readonly dataDir: Intact } => one.dataDir.state === 'intact')
    .toSorted(
      ({ dataDir: a }, { dataDir: b }) => descending(a.lastTerm, b.lastTerm) || descending(a.lastIndex, b.lastIndex),
    );
}

function descending(a: bigint, b: bigint): number {
  return a > b ? -1 : a < b ? 1 : 0;
}
