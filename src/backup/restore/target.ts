import type { Catalogue } from '../chain/catalogue.ts';
import type { RevisionRange } from '../chain.ts';
import type { BrokenObject } from './broken-object.ts';
import { beforeDelete } from './target/before-delete.ts';
import { revisionAt } from './target/revision-at.ts';
import { type SearchOptions, searched } from './target/search.ts';

/** To which point a store is to be restored. */
export type RestoreTarget =
  | { readonly kind: 'latest' }
  | { readonly kind: 'revision'; readonly revision: bigint }
  /** As of then: what was seen until that time, and nothing later. */
  | { readonly kind: 'time'; readonly atMs: number }
  /** To the revision before the last one that deleted this key. */
  | { readonly kind: 'before-delete'; readonly key: Buffer };

/** The revision that a target comes to; undefined: the newest that there is. */
export interface ResolvedTarget {
  readonly revision: bigint | undefined;
  /** What is to be said of it, a sentence. */
  readonly note?: string;
  /** Revisions that belong to the target, or may, and that nothing holds that is whole. */
  readonly lost?: RevisionRange;
  /** What could not be made use of. */
  readonly broken: readonly BrokenObject[];
  /** In which it was found: where objects had gone, a newer one than that which was given. */
  readonly catalogue: Catalogue;
}

/** Throws `TARGET_TOO_OLD`, `DELETION_NOT_FOUND`, `IDENTITY_MISSING`, and what reading the store throws. */
export async function resolveTarget(
  target: RestoreTarget,
  options: SearchOptions,
  signal: AbortSignal,
): Promise<ResolvedTarget> {
  if (target.kind === 'latest') return { revision: undefined, broken: [], catalogue: options.catalogue };
  if (target.kind === 'revision') return { revision: target.revision, broken: [], catalogue: options.catalogue };
  return await searched(
    options,
    async (search) => {
      const found =
        target.kind === 'time'
          ? await revisionAt(target.atMs, search, signal)
          : await beforeDelete(target.key, search, signal);
      return { ...found, broken: search.broken, catalogue: search.catalogue };
    },
    signal,
  );
}
