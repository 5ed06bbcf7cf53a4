import { linkedAbort, within } from '../../abort/linked-abort.ts';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { Fault } from '../../cluster/observation.ts';
import { EtcdError } from '../../etcd/errors.ts';
import { BackOff } from './back-off.ts';
import { type CaptureClient, ZERO_KEY } from './capture-client.ts';
import { checkContinues, forked, lastChangeIn } from './last-change.ts';
import { LeaseTerms } from './lease-terms.ts';
import { lookOut } from './look-out.ts';
import type { RevisionBatch } from './revision-batch.ts';
import { Sealer, type SealerOptions } from './sealer.ts';
import { RevisionGap, WholeRevisions } from './whole-revisions.ts';

/** Etcd's first revision, at which nothing has been written yet. */
const FIRST_REVISION = 1n;
/** How long another attempt goes on to make durable what was seen before a break. */
const CLOSE_MS = 5_000;
/** Nobody writes so much while nobody watches: a restore has raised the revision (for Kubernetes by a billion) and compacted the rest. */
const RAISED_BY = 500_000_000n;

export interface CaptureOptions extends SealerOptions {
  readonly client: CaptureClient;
  /** The last revision that is durable; `earliest`: from the oldest one on that etcd still has. */
  readonly startAfter: bigint | 'earliest';
  /** Of the newest full snapshot; where the live one is another, a new full snapshot is asked for. */
  readonly protectedAuthRevision?: () => bigint | undefined;
  /** How often the member is asked whether the watch keeps up; default 20 s. */
  readonly lookEveryMs?: number;
  /** How long it may take to tell what the member had before it is begun anew; default a minute. */
  readonly silentAfterMs?: number;
}

export interface CaptureStatus {
  /** The last revision that arrived whole. */
  readonly lastSeenRevision: bigint;
  /** The last one that is durable in the spool (or was, when the capture began), and when it became so. */
  readonly lastSpooledRevision: bigint;
  readonly lastSpooledAtMs?: number;
  /** When the oldest revision that is not durable yet was seen. */
  readonly oldestOpenAtMs?: number;
  /** Where the member was when it was last asked. */
  readonly liveRevision?: bigint;
  /** Since when it has been known to have what has not arrived yet (wall clock). */
  readonly behindSinceMs?: number;
  /** Of users and roles, where etcd says it. */
  readonly authRevision?: bigint;
  /** Why it does not get on at the moment. */
  readonly fault?: Fault;
}

/**
 * Writes down everything that changes, from a watch over all keys: into the spool, whole revisions in order. When the
 * connection breaks it goes on after the last one. What etcd has compacted away meanwhile is told as lost, and it goes on
 * behind that.
 */
export class Capture {
  readonly #options: CaptureOptions;
  readonly #sealer: Sealer;
  readonly #terms: LeaseTerms;
  #last: bigint;
  #lastBatch: RevisionBatch | undefined;
  #fault: Fault | undefined;
  #liveRevision: bigint | undefined;
  #behind: { readonly revision: bigint; readonly sinceMs: number } | undefined;
  #authRevision: bigint | undefined;
  #leftOut: bigint | undefined;

  constructor(options: CaptureOptions) {
    this.#options = options;
    this.#sealer = new Sealer({
      ...options,
      facts: () => ({
        ...options.facts(),
        ...(this.#authRevision === undefined ? {} : { authRevision: this.#authRevision }),
      }),
    });
    this.#terms = new LeaseTerms(options.client);
    this.#last = options.startAfter === 'earliest' ? FIRST_REVISION : options.startAfter;
  }

  get status(): CaptureStatus {
    const { lastSpooled, oldestOpenAtMs, fault = this.#fault } = this.#sealer;
    const { startAfter } = this.#options;
    const behind = this.#behindNow();
    return {
      lastSeenRevision: this.#last,
      lastSpooledRevision: lastSpooled?.revision ?? (startAfter === 'earliest' ? 0n : startAfter),
      ...(lastSpooled === undefined ? {} : { lastSpooledAtMs: lastSpooled.atMs }),
      ...(oldestOpenAtMs === undefined ? {} : { oldestOpenAtMs }),
      ...(this.#liveRevision === undefined ? {} : { liveRevision: this.#liveRevision }),
      ...(behind === undefined ? {} : { behindSinceMs: behind.sinceMs }),
      ...(this.#authRevision === undefined ? {} : { authRevision: this.#authRevision }),
      ...(fault === undefined ? {} : { fault }),
    };
  }

  /** Makes everything that was seen durable in the spool, now. */
  flush(signal: AbortSignal): Promise<void> {
    return this.#sealer.flush(signal);
  }

  /**
   * Works until the signal is aborted. Throws `TIMELINE_FORKED` where the live history is not the continuation of what is
   * durable: then a new timeline must be begun.
   */
  async run(signal: AbortSignal): Promise<void> {
    const link = linkedAbort([signal]);
    const sealing = this.#sealer.run(link.signal);
    try {
      await Promise.race([this.#follow(link.signal), sealing]);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      link.abort();
      link.release();
      await sealing.catch(() => undefined);
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const backOff = new BackOff();
    while (!signal.aborted) {
      const before = this.#last;
      try {
        await this.#attempt(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof AgentError && error.code === 'TIMELINE_FORKED') throw error;
        this.#fault = faultOf(error);
        await this.#broken(error, signal);
      }
      if (this.#last !== before) backOff.reset();
      await backOff.pause(signal);
    }
  }

  async #attempt(signal: AbortSignal): Promise<void> {
    await this.#checkTimeline(signal);
    if (this.#lastBatch !== undefined) {
      await checkContinues(this.#options.client, lastChangeIn(this.#lastBatch), signal);
    }
    const { client, lookEveryMs, silentAfterMs, tell, protectedAuthRevision } = this.#options;
    const link = linkedAbort([signal]);
    const looking = lookOut(
      {
        client,
        ...(lookEveryMs === undefined ? {} : { everyMs: lookEveryMs }),
        ...(silentAfterMs === undefined ? {} : { silentAfterMs }),
        seen: () => this.#last,
        blocked: () => this.#sealer.fault !== undefined,
        protectedAuthRevision: protectedAuthRevision ?? (() => undefined),
        found: ({ liveRevision, authRevision }) => {
          if (liveRevision !== undefined) this.#lives(liveRevision);
          this.#authRevision = authRevision ?? this.#authRevision;
        },
        tell,
      },
      link.signal,
    );
    const watching = this.#watch(link.signal, signal);
    try {
      await Promise.race([watching, looking]);
    } finally {
      link.abort();
      link.release();
      // What is still under way belongs to this attempt and must not reach into the next.
      await Promise.allSettled([watching, looking]);
    }
  }

  /** @param longer outlives the attempt: a lease is asked for also where the watch breaks meanwhile */
  async #watch(signal: AbortSignal, longer: AbortSignal): Promise<void> {
    const termOf = (lease: bigint): Promise<number | undefined> => this.#terms.ttlSeconds(lease, longer);
    const whole = new WholeRevisions(this.#last);
    // From the last one on, which is passed over: a watch that begins at the very revision that etcd is compacted to is not refused, and
    // etcd 3.4 leaves out what was deleted in it.
    const request = { key: ZERO_KEY, rangeEnd: ZERO_KEY, startRevision: this.#last };
    for await (const batch of this.#options.client.watch(request, signal)) {
      if (batch.kind === 'created') this.#fault = undefined;
      const seenAtMs = Date.now();
      for (const revision of whole.take(batch)) {
        await this.#sealer.take({ ...revision, seenAtMs }, termOf, signal);
        this.#last = revision.revision;
        this.#lastBatch = revision;
      }
    }
  }

  /** Through the quorum, since a member that is behind must not look like a history that was cut off. */
  async #checkTimeline(signal: AbortSignal): Promise<void> {
    const { header } = await this.#options.client.range({ key: ZERO_KEY, limit: 1, keysOnly: true }, signal);
    const { clusterId } = this.#options.facts();
    if (header.clusterId !== clusterId) {
      throw forked(`The member is of cluster ${header.clusterId}, and this history is of ${clusterId}.`);
    }
    if (header.revision < this.#last) {
      throw forked(`The live revision is ${header.revision}, and revision ${this.#last} has been captured already.`);
    }
    const knows = this.#options.startAfter !== 'earliest' || this.#lastBatch !== undefined;
    if (knows && header.revision - this.#last >= RAISED_BY) {
      throw forked(`The live revision is ${header.revision}, far beyond revision ${this.#last}: it has been raised.`);
    }
    this.#lives(header.revision);
  }

  #lives(revision: bigint): void {
    this.#liveRevision = revision;
    if (this.#behindNow() === undefined) this.#behind = { revision, sinceMs: Date.now() };
  }

  /** What the member is known to have had that has not arrived; since when. */
  #behindNow(): { readonly sinceMs: number } | undefined {
    return this.#behind !== undefined && this.#behind.revision > this.#last ? this.#behind : undefined;
  }

  /** Where revisions are lost, says so in the spool and goes on behind them: for which store that matters is not known here. */
  async #broken(error: unknown, signal: AbortSignal): Promise<void> {
    const to = this.#lostUpTo(error);
    if (to === undefined || to <= this.#last) return;
    // A piece holds revisions without a gap.
    await within([signal], CLOSE_MS, (closing) => this.#sealer.flush(closing)).catch(() => undefined);
    if (this.#sealer.oldestOpenAtMs !== undefined) return;
    this.#last = to;
    this.#lastBatch = undefined;
    this.#options.spool.breakAt(to, error instanceof RevisionGap ? 'left-out' : 'compacted');
  }

  #lostUpTo(error: unknown): bigint | undefined {
    if (error instanceof EtcdError && error.code === 'ETCD_COMPACTED') return error.compactRevision;
    if (!(error instanceof RevisionGap)) return undefined;
    // What a watch left out may well come when it is asked for again.
    const again = this.#leftOut === error.from;
    this.#leftOut = error.from;
    return again ? error.to : undefined;
  }
}
