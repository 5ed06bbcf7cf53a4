import { linkedAbort } from '../../abort/linked-abort.ts';
import { untilAborted } from '../../abort/until-aborted.ts';
import { readCatalogue } from '../../backup/chain/catalogue.ts';
import { Bell } from '../../backup/delta/bell.ts';
import { storePosition } from '../../backup/delta/store-position.ts';
import { readBack } from '../../backup/full/read-back.ts';
import { type FullOutcome, type FullTaken, takeFull } from '../../backup/full/take-full.ts';
import { parseName } from '../../backup/names.ts';
import { readFullManifest } from '../../backup/restore/fetch-chain.ts';
import { markVerified } from '../../backup/retention/marks.ts';
import type { Store } from '../../backup/store/store.ts';
import { AgentError } from '../../cluster/agent-error.ts';
import type { Fault } from '../../cluster/observation.ts';
import { cronSchedule, type Schedule } from '../../decide/schedule.ts';
import { FullGap, type FullReason, fullDue, type NewestFull } from './full-due.ts';
import type { BackupKeeperOptions } from './options.ts';
import { encryptionOf, fullSpool } from './settings.ts';
import { type StoreSize, storeSize } from './store-size.ts';
import type { BackupTally } from './tally.ts';

/** Times of crontab are minutes; what else makes one due rings. */
const LOOK_MS = 10_000;

export interface FullsOptions {
  readonly keeper: BackupKeeperOptions;
  /** Those of the timeline. */
  readonly stores: readonly Store[];
  readonly timeline: string;
  readonly epoch: bigint;
  /** Of the own member. */
  readonly memberId: string;
  readonly tally: BackupTally;
}

/** Takes full snapshots of a timeline when they are due, one at a time. */
export class Fulls {
  readonly #options: FullsOptions;
  readonly #schedule: Schedule;
  readonly #bell = new Bell();
  readonly #gap = new FullGap();
  /** By the URL of the store. */
  readonly #newest = new Map<string, NewestFull>();
  readonly #sizes = new Map<string, StoreSize>();
  #lostUpTo = 0n;
  #authRevision: bigint | undefined;
  #underWay: FullReason | undefined;
  /** Who waits for the next one. */
  #asking: readonly PromiseWithResolvers<FullTaken>[] = [];

  constructor(options: FullsOptions) {
    this.#options = options;
    const { crontab, timezone } = options.keeper.config.full.schedule;
    this.#schedule = cronSchedule(crontab, timezone);
  }

  /** The oldest one of those that are the newest of each store; undefined where a store has none, as far as is known. */
  get newest(): NewestFull | undefined {
    const all = this.#options.stores.map(({ url }) => this.#newest.get(url));
    if (all.includes(undefined)) return undefined;
    return all.toSorted((a, b) => Number((a?.revision ?? 0n) - (b?.revision ?? 0n)))[0];
  }

  /** What each store holds, as it was last listed: when the work began, and after each snapshot. */
  get sizes(): readonly (StoreSize | undefined)[] {
    return this.#options.stores.map(({ url }) => this.#sizes.get(url));
  }

  /** Of the newest one of each store, as far as is known. */
  get revisions(): readonly (bigint | undefined)[] {
    return this.#options.stores.map(({ url }) => this.#newest.get(url)?.revision);
  }

  /** Why one is being taken now, if so. */
  get underWay(): FullReason | undefined {
    return this.#underWay;
  }

  /** These revisions, and those before them that no full snapshot holds, are lost to a chain. */
  lost(upTo: bigint): void {
    if (upTo > this.#lostUpTo) this.#lostUpTo = upTo;
    this.#bell.ring();
  }

  /** Users or roles were changed. */
  authChanged(authRevision: bigint): void {
    this.#authRevision = authRevision;
    this.#bell.ring();
  }

  /**
   * Takes one for whoever asks, after one that is under way. Rejects with what taking it ended with, with `BACKUP_NOT_RUNNING`
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
    const { onFault } = this.#options.keeper.events;
    try {
      for (;;) {
        try {
          await this.#findNewest(signal);
          await this.#takeIfDue(signal);
        } catch (error) {
          signal.throwIfAborted();
          onFault('taking a full snapshot', error);
        }
        await this.#bell.wait(signal, LOOK_MS);
      }
    } finally {
      for (const { reject } of this.#asking) reject(backupNotRunning(this.#options.keeper.member));
      this.#asking = [];
    }
  }

  /** What the stores have from before; each is asked until it has answered once. */
  async #findNewest(signal: AbortSignal): Promise<void> {
    for (const store of this.#options.stores) {
      if (this.#newest.has(store.url)) continue;
      const { fulls } = await readCatalogue(store, signal);
      this.#sizes.set(store.url, await storeSize(store, signal));
      const last = fulls.at(-1);
      if (last === undefined) continue;
      const { manifest } = await readFullManifest(store, last, signal);
      this.#remember(store.url, manifest);
      this.#options.tally.found('full', manifest.lastRevision, manifest.endedAtMs);
    }
  }

  async #takeIfDue(signal: AbortSignal): Promise<void> {
    const { newest } = this;
    const authRevision = this.#authRevision === undefined ? {} : { authRevision: this.#authRevision };
    const asking = this.#asking;
    const due = fullDue({ newest, lostUpTo: this.#lostUpTo, ...authRevision }, this.#schedule, Date.now());
    const mayTake = due !== undefined && this.#gap.mayTake(performance.now());
    const reason = asking.length > 0 ? 'asked' : due;
    if (reason === undefined || (reason !== 'asked' && !mayTake)) return;
    this.#underWay = reason;
    this.#asking = [];
    let succeeded = false;
    try {
      const taken = await this.#take(reason, signal);
      succeeded = taken.outcomes.every((outcome) => 'manifest' in outcome);
      for (const { resolve } of asking) resolve(taken);
    } catch (error) {
      for (const { reject } of asking) reject(error);
      if (!signal.aborted) this.#options.tally.failed('full', error);
      throw error;
    } finally {
      this.#underWay = undefined;
      if (reason !== 'asked') this.#gap.tried(reason, succeeded, performance.now());
    }
  }

  async #take(reason: FullReason, signal: AbortSignal): Promise<FullTaken> {
    const { keeper, stores, timeline, epoch, memberId, tally } = this.#options;
    const { config, events } = keeper;
    const encryption = await encryptionOf(config);
    const destinations = await Promise.all(
      stores.map(async (store) => {
        const { previousManifestSha256 } = await storePosition(store, signal);
        return { store, ...(previousManifestSha256 === undefined ? {} : { previousManifestSha256 }) };
      }),
    );
    const client = keeper.snapshotClient(memberId);
    const beganMs = performance.now();
    const link = linkedAbort([signal]);
    try {
      const taken = await takeFull(
        {
          ...{ client, timeline, clusterName: keeper.clusterName, epoch, destinations },
          ...(encryption === undefined ? {} : { encryption }),
          // Who lets go of age for a bucket has said so: the configuration is refused otherwise.
          plainKubernetes: config.encryption.mode !== 'age',
          bytesPerSecond: config.full.rateLimitBytesPerSecond || Number.POSITIVE_INFINITY,
          spool: fullSpool(config),
        },
        link.signal,
      );
      const seconds = (performance.now() - beganMs) / 1000;
      for (const outcome of taken.outcomes) await this.#ended(outcome, seconds, signal);
      events.log('full snapshot taken', {
        ...{ reason, source: client.member, revision: taken.content.revision, keys: taken.keyCount.keys },
        seconds: Math.round(seconds * 1000) / 1000,
      });
      tally.changed();
      return taken;
    } finally {
      link.release();
    }
  }

  async #ended(outcome: FullOutcome, seconds: number, signal: AbortSignal): Promise<void> {
    const { tally, keeper } = this.#options;
    if ('error' in outcome) {
      tally.failed('full', outcome.error);
      keeper.events.onFault(`bringing a full snapshot to ${outcome.store.url}`, outcome.error);
      return;
    }
    const { store, manifest } = outcome;
    this.#remember(store.url, manifest);
    tally.succeeded('full', { revision: manifest.lastRevision, bytes: manifest.stored.bytes, seconds });
    this.#sizes.set(store.url, await storeSize(store, signal));
    if (Math.random() >= keeper.config.verify.share) return;
    try {
      await readBack(store, outcome, signal);
      await this.#mark(store, outcome.key, signal);
      tally.succeeded('verify', { revision: manifest.lastRevision, bytes: manifest.stored.bytes });
    } catch (error) {
      signal.throwIfAborted();
      // What the store does not have is taken again at once.
      this.#newest.delete(store.url);
      tally.failed('verify', error);
      keeper.events.onFault(`reading a full snapshot back from ${store.url}`, error);
    }
  }

  /** Retention never takes the newest chain away that is marked so. Without the right to write it there it is whole all the same. */
  async #mark(store: Store, fullKey: string, signal: AbortSignal): Promise<void> {
    const name = parseName(fullKey);
    if (name?.kind !== 'full') return;
    await markVerified(store, name.id, { by: 'hashes', atMs: Date.now() }, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      this.#options.keeper.events.onFault(`marking a chain as verified in ${store.url}`, error);
    });
  }

  #remember(url: string, { lastRevision, startedAtMs, authRevision }: ManifestPart): void {
    this.#newest.set(url, {
      revision: lastRevision,
      startedAtMs,
      ...(authRevision === undefined ? {} : { authRevision }),
    });
  }
}

interface ManifestPart {
  readonly lastRevision: bigint;
  readonly startedAtMs: number;
  readonly authRevision?: bigint;
}

/** What whoever asks for a snapshot gets where none can be taken. */
export function backupNotRunning(member: string): AgentError {
  return new AgentError('BACKUP_NOT_RUNNING', `The agent of ${member} does not back up at the moment.`, {
    remedy: 'Look at `etcd-caretaker status`: it says what keeps backups from going on, or who leads now.',
  });
}

/** What a timeline that was claimed by somebody else stops with. */
export function isClaimFault({ code }: Pick<Fault, 'code'>): boolean {
  return code === 'STORE_CLAIMED' || code === 'CLAIM_UNREADABLE';
}
