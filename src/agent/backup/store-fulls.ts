import type { Store } from '../../backup/store/store.ts';
import { FullGap, type FullReason, type NewestFull } from './full-due.ts';
import type { StoreSize } from './store-size.ts';

/** A store that is there and waits for a full snapshot. */
export interface WaitingStore {
  readonly reason: FullReason;
  /** Of the manifest that was written there last. */
  readonly previousManifestSha256: string | undefined;
  /** Settled when it has one, or when bringing it one has failed. */
  readonly served: PromiseWithResolvers<void>;
}

/** What is known of the full snapshots of one store of a timeline, and what it waits for; others do not matter to it. */
export class StoreFulls {
  readonly store: Store;
  /** Failures of one store must not keep snapshots from another. */
  readonly gap = new FullGap();
  /** Whether it has said what it has from before. */
  known = false;
  newest: NewestFull | undefined;
  /** As it was last listed: when the work began, and after each snapshot. */
  size: StoreSize | undefined;
  /** When a chain of it was last found whole, wall clock, ms since 1970. */
  provenAtMs: number | undefined;
  /** These revisions, and those before them that no full snapshot holds, are lost to its chain; 0: none. */
  lostUpTo = 0n;
  /** It waits for one, or one is on its way to it. */
  waiting: WaitingStore | undefined;
  /** What it has failed with since it last answered. */
  fault: unknown;

  constructor(store: Store) {
    this.store = store;
  }

  /** A chain was found whole then, if at all. */
  proven(atMs: number | undefined): void {
    if (atMs !== undefined && atMs > (this.provenAtMs ?? 0)) this.provenAtMs = atMs;
  }

  remember({ lastRevision, startedAtMs, authRevision }: ManifestPart): void {
    this.newest = {
      revision: lastRevision,
      startedAtMs,
      ...(authRevision === undefined ? {} : { authRevision }),
    };
  }
}

interface ManifestPart {
  readonly lastRevision: bigint;
  readonly startedAtMs: number;
  readonly authRevision?: bigint;
}
