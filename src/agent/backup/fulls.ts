import { untilAborted } from '../../abort/until-aborted.ts';
import type { RevisionRange } from '../../backup/chain.ts';
import { Bell } from '../../backup/delta/bell.ts';
import { storePosition } from '../../backup/delta/store-position.ts';
import type { FullCover } from '../../backup/delta/unprotected.ts';
import type { FullTaken } from '../../backup/full/take-full.ts';
import { lowest } from '../../backup/revisions.ts';
import { type AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { Fault } from '../../cluster/observation.ts';
import { cronSchedule, type Schedule } from '../../decide/schedule.ts';
import { bringFull } from './bring-full.ts';
import { findNewest } from './find-newest.ts';
import { type FullReason, fullDue, type NewestFull } from './full-due.ts';
import { backupNotRunning } from './full-faults.ts';
import type { FullsOptions } from './fulls-options.ts';
import { StoreFulls, type WaitingStore } from './store-fulls.ts';
import type { StoreSize } from './store-size.ts';
import { together } from './together.ts';

/** Times of crontab are minutes; what else makes one due rings. A folder that is away is looked at as often. */
const LOOK_MS = 10_000;
/** So long a store that is ready waits for others that may be a moment later: one read of etcd serves them all. */
const GATHER_MS = 2_000;

/**
 * Takes full snapshots of a timeline when they are due. Etcd is read by one at a time, for all stores that need it and are
 * there; one that is away, or takes long, keeps no other one waiting and gets its own as soon as it is back.
 */
export class Fulls {
  readonly #options: FullsOptions;
  readonly #schedule: Schedule;
  readonly #stores: readonly StoreFulls[];
  /** Rings when one may be due. */
  readonly #bell = new Bell();
  /** Rings when a store has answered. */
  readonly #answered = new Bell();
  readonly #underWay = new Map<Promise<void>, FullReason>();
  #authRevision: bigint | undefined;
  #disagreeing: AgentError | undefined;
  /** Who waits for the next one. */
  #asking: readonly PromiseWithResolvers<FullTaken>[] = [];

  constructor(options: FullsOptions) {
    this.#options = options;
    const { crontab, timezone } = options.keeper.config.full.schedule;
    this.#schedule = cronSchedule(crontab, timezone);
    this.#stores = options.stores.map((store) => new StoreFulls(store));
  }

  /** The oldest one of those that are the newest of each store; undefined where a store has none, as far as is known. */
  get newest(): NewestFull | undefined {
    const all = this.#stores.map(({ newest }) => newest);
    if (all.includes(undefined)) return undefined;
    return all.toSorted((a, b) => Number((a?.revision ?? 0n) - (b?.revision ?? 0n)))[0];
  }

  /** Of users and roles, as all stores that have any hold it at least; undefined where that is not known. */
  get authRevision(): bigint | undefined {
    const known = this.#stores.flatMap(({ newest }) => newest?.authRevision ?? []);
    return lowest(known);
  }

  /** What each store holds, as it was last listed: when the work began, and after each snapshot. */
  get sizes(): readonly (StoreSize | undefined)[] {
    return this.#stores.map(({ size }) => size);
  }

  /** Of the newest one of each store, as far as is known. */
  get revisions(): readonly (bigint | undefined)[] {
    return this.#stores.map(({ newest }) => newest?.revision);
  }

  /** When a chain of each store was last found whole, wall clock, ms since 1970; undefined where none was, as far as is known. */
  get provenAtMs(): readonly (number | undefined)[] {
    return this.#stores.map(({ provenAtMs }) => provenAtMs);
  }

  /** A chain was found whole. @param store its place in the order of the stores */
  proven(store: number, atMs: number): void {
    this.#stores[store]?.proven(atMs);
  }

  /** Why one is being taken now, if so. */
  get underWay(): FullReason | undefined {
    return [...this.#underWay.values()].at(-1);
  }

  /** What the newest one was taken of holds other keys than it says that it has; undefined where it does not. */
  get disagreeing(): AgentError | undefined {
    return this.#disagreeing;
  }

  /** What the deltas of each store stand on; undefined where it is not known. */
  get covers(): readonly (FullCover | undefined)[] {
    return this.#stores.map(({ cover }) => cover);
  }

  /** Why a store does not get a full snapshot that is due, or does not say whether one is; undefined where all get on. */
  get fault(): Fault | undefined {
    const due = (state: StoreFulls): boolean => !state.known || this.#due(state) !== undefined;
    // While the next one is on its way, what the last attempt came to says nothing.
    const faultIn = ({ fault, failed, waiting }: StoreFulls): unknown =>
      fault ?? (waiting === undefined ? failed : undefined);
    const failing = this.#stores.find((state) => faultIn(state) !== undefined && due(state));
    return failing === undefined ? undefined : faultOf(faultIn(failing));
  }

  /** These revisions, and those before them that no full snapshot holds, are lost to the chain of a store. @param url the store's */
  lost(url: string, range: RevisionRange): void {
    this.#stores.find(({ store }) => store.url === url)?.lose(range);
    this.#bell.ring();
  }

  /** Users or roles were changed. */
  authChanged(authRevision: bigint): void {
    this.#authRevision = authRevision;
    this.#bell.ring();
  }

  /**
   * Takes one for whoever asks, for all stores that are there. Rejects with what taking it ended with, with `BACKUP_NOT_RUNNING`
   * where the term ends before, and with the signal's reason.
   */
  take(signal: AbortSignal): Promise<FullTaken> {
    const asking = Promise.withResolvers<FullTaken>();
    this.#asking = [...this.#asking, asking];
    this.#bell.ring();
    return untilAborted(asking.promise, signal);
  }

  /** Works until the signal is aborted; what fails is told, and tried again. Rejects with the signal's reason. */
  async run(signal: AbortSignal): Promise<void> {
    const follow = this.#stores.map((state) => (until: AbortSignal) => this.#follow(state, until));
    try {
      await together([...follow, (until) => this.#takeAll(until)], signal);
    } finally {
      await Promise.all(this.#underWay.keys());
      this.#refuse(backupNotRunning(this.#options.keeper.member));
    }
  }

  /** Sees to it that one store gets what is due. */
  async #follow(state: StoreFulls, signal: AbortSignal): Promise<never> {
    const { onFault } = this.#options.keeper.events;
    for (;;) {
      try {
        if (!state.known) {
          await findNewest(state, { tally: this.#options.tally, events: this.#options.keeper.events }, signal);
          this.#answered.ring();
        }
        if (this.#wants(state) !== undefined) await this.#served(state, signal);
      } catch (error) {
        signal.throwIfAborted();
        // What lasts is counted once.
        if (state.fault === undefined) this.#options.tally.failed('full', error);
        state.fault = error;
        onFault(`taking a full snapshot to ${state.store.url}`, error);
        if (this.#stores.every(({ fault }) => fault !== undefined)) this.#refuse(error);
      }
      if (this.#wants(state) === undefined || state.fault !== undefined) await this.#bell.wait(signal, LOOK_MS);
    }
  }

  /** Why a store is to have one now. */
  #wants(state: StoreFulls): FullReason | undefined {
    if (this.#asking.length > 0) return 'asked';
    return state.gap.mayTake(performance.now()) ? this.#due(state) : undefined;
  }

  #due(state: StoreFulls): FullReason | undefined {
    const nowMs = Date.now();
    const need = { newest: state.newestAt(nowMs), lostUpTo: state.lostUpTo };
    const authRevision = this.#authRevision === undefined ? {} : { authRevision: this.#authRevision };
    return fullDue({ ...need, ...authRevision }, this.#schedule, nowMs);
  }

  /** Waits until the store is there, and then until it has been served. */
  async #served(state: StoreFulls, signal: AbortSignal): Promise<void> {
    const { previousManifestSha256 } = await storePosition(state.store, signal);
    state.fault = undefined;
    // It may have been away for long.
    const reason = this.#wants(state);
    if (reason === undefined) return;
    const served = Promise.withResolvers<void>();
    state.waiting = { reason, previousManifestSha256, served };
    this.#answered.ring();
    try {
      await untilAborted(served.promise, signal);
    } finally {
      state.waiting = undefined;
    }
  }

  /** Reads etcd whenever a store waits. */
  async #takeAll(signal: AbortSignal): Promise<never> {
    const taken = new WeakSet<WaitingStore>();
    const isNew = ({ waiting }: StoreFulls): boolean => waiting !== undefined && !taken.has(waiting);
    for (;;) {
      if (!this.#stores.some(isNew)) {
        await this.#answered.wait(signal);
        continue;
      }
      await this.#gather(signal);
      const stores = this.#stores.filter(isNew);
      for (const { waiting } of stores) if (waiting !== undefined) taken.add(waiting);
      const read = Promise.withResolvers<void>();
      const asking = this.#asking;
      this.#asking = [];
      const onCompared = (found: AgentError | undefined): void => {
        this.#disagreeing = found;
      };
      const full = { stores, asking, onRead: read.resolve, onCompared };
      const taking = bringFull(this.#options, full, signal).finally(() => {
        read.resolve();
        this.#underWay.delete(taking);
      });
      this.#underWay.set(taking, stores[0]?.waiting?.reason ?? 'schedule');
      await untilAborted(read.promise, signal);
    }
  }

  /** Waits a moment for stores that may need one too. */
  async #gather(signal: AbortSignal): Promise<void> {
    const endMs = performance.now() + GATHER_MS;
    const mayCome = (state: StoreFulls): boolean =>
      state.waiting === undefined && state.fault === undefined && (!state.known || this.#wants(state) !== undefined);
    for (let leftMs = GATHER_MS; leftMs > 0 && this.#stores.some(mayCome); leftMs = endMs - performance.now()) {
      await this.#answered.wait(signal, leftMs);
    }
  }

  #refuse(error: unknown): void {
    for (const { reject } of this.#asking) reject(error);
    this.#asking = [];
  }
}
