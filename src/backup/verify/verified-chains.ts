import type { Catalogue } from '../chain/catalogue.ts';
import { chainsOf, gapsOf, newestNamed, type RevisionRange } from '../chain.ts';
import type { AllChecked } from './store-findings.ts';

/** A chain as it was found. */
export interface VerifiedChain {
  /** Of its full snapshot. */
  readonly id: string;
  /** Of the manifest of its full snapshot. */
  readonly key: string;
  readonly firstRevision: bigint;
  /** How far it goes with objects that are whole. */
  readonly lastRevision: bigint;
  readonly segments: number;
  /** Every byte of it was read and is as it was written; its content too, not only what is stored. */
  readonly opened: boolean;
  /** It goes up to the next full snapshot, or as far as the store does: nothing of it is broken or lost. */
  readonly complete: boolean;
  /** Something of it is broken or lost, and will not come any more. Not so where it only cannot be read at the moment, or by this version. */
  readonly broken: boolean;
}

/** Gaps, and what the store has a name for behind everything that is whole. */
function lostOf(all: Catalogue, whole: Catalogue, thinned: readonly RevisionRange[]): readonly RevisionRange[] {
  const [named, reached] = [newestNamed(all), newestNamed(whole)];
  return [...gapsOf(whole, thinned), ...(named > reached ? [{ from: reached + 1n, to: named }] : [])];
}

/**
 * The chains of a store, the newest first, by what was found of its objects: all that is listed, what of it is whole, and that with what only
 * cannot be read at the moment. Nobody misses revisions that retention has thinned out; those that are still on their way may yet come.
 */
export function verifiedChains(
  { catalogue: all, whole, perhapsWhole }: Readonly<Record<'catalogue' | 'whole' | 'perhapsWhole', Catalogue>>,
  { thinned, young }: { readonly thinned: readonly RevisionRange[]; readonly young: readonly RevisionRange[] },
  checked: AllChecked,
): readonly VerifiedChain[] {
  const lost = lostOf(all, whole, thinned);
  const certain = lostOf(all, perhapsWhole, [...thinned, ...young]);
  return chainsOf(whole).map(({ full, segments, lastRevision }) => {
    const parts = [full, ...segments].map(({ key }) => checked.get(key));
    const { revision } = full.name;
    const next = whole.fulls.find(({ name }) => name.revision > revision)?.name.revision;
    const isOf = ({ from }: RevisionRange): boolean => from > revision && (next === undefined || from < next);
    return {
      id: full.name.id,
      key: full.key,
      firstRevision: revision,
      lastRevision,
      segments: segments.length,
      opened: parts.every((part) => part?.opened === true),
      complete: !lost.some(isOf),
      broken: certain.some(isOf),
    };
  });
}
