import type { RevisionRange } from '../../backup/chain.ts';
import type { FullCover } from '../../backup/delta/unprotected.ts';
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
  /** The first of those, and since when it is known (wall clock); undefined where the newest full snapshot holds them all. */
  #lost: { readonly from: bigint; readonly sinceMs: number } | undefined;
  /** Since when no full snapshot is known here, wall clock. */
  #noneSinceMs = Date.now();
  /** It waits for one, or one is on its way to it. */
  waiting: WaitingStore | undefined;
  /** What it has failed with since it last answered. */
  fault: unknown;
  /** What the last attempt to bring it one has failed with; undefined after one that succeeded. */
  failed: unknown;

  constructor(store: Store) {
    this.store = store;
  }

  /** A chain was found whole then, if at all. */
  proven(atMs: number | undefined): void {
    if (atMs !== undefined && atMs > (this.provenAtMs ?? 0)) this.provenAtMs = atMs;
  }

  /** What its deltas stand on; undefined where it has not said yet what it has. */
  get cover(): FullCover | undefined {
    if (!this.known) return undefined;
    const wantingSinceMs = this.newest === undefined ? this.#noneSinceMs : this.#lost?.sinceMs;
    return { full: this.newest?.revision, lostFrom: this.#lost?.from, wantingSinceMs };
  }

  /** These revisions are in no segment of it. */
  lose({ from, to }: RevisionRange): void {
    if (to > this.lostUpTo) this.lostUpTo = to;
    if (this.newest !== undefined && this.newest.revision >= to) return;
    const first = this.#lost !== undefined && this.#lost.from < from ? this.#lost.from : from;
    this.#lost = { from: first, sinceMs: this.#lost?.sinceMs ?? Date.now() };
  }

  /** The newest one that was known is no good. */
  forget(): void {
    this.newest = undefined;
    this.#noneSinceMs = Date.now();
  }

  /**
   * The newest one, begun no later than now: a clock that was ahead when it was taken must not keep the schedule waiting until then.
   * @param nowMs wall clock
   */
  newestAt(nowMs: number): NewestFull | undefined {
    if (this.newest !== undefined && this.newest.startedAtMs > nowMs)
      this.newest = { ...this.newest, startedAtMs: nowMs };
    return this.newest;
  }

  /** @param modifiedAtMs of one that was found: by the clock of the store */
  remember({ lastRevision, startedAtMs, authRevision }: ManifestPart, modifiedAtMs = startedAtMs): void {
    this.newest = {
      revision: lastRevision,
      startedAtMs: Math.min(startedAtMs, modifiedAtMs),
      ...(authRevision === undefined ? {} : { authRevision }),
    };
    if (lastRevision >= this.lostUpTo) this.#lost = undefined;
  }
}

interface ManifestPart {
  readonly lastRevision: bigint;
  readonly startedAtMs: number;
  readonly authRevision?: bigint;
}
