import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { Fault } from '../../cluster/observation.ts';
import { deltaKey } from '../names.ts';
import { highest } from '../revisions.ts';
import { type Store, StoreError } from '../store/store.ts';
import { BackOff } from './back-off.ts';
import { joinPieces } from './join-pieces.ts';
import { requireSame } from './read-back.ts';
import { segmentId } from './segment-id.ts';
import type { SegmentCipher } from './segment-writer.ts';
import type { Spool, SpoolPiece } from './spool.ts';
import { type StorePosition, storePosition } from './store-position.ts';
import type { TellDelta } from './told.ts';

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 60_000;
/** What takes longer does not get on: an upload, besides what its size takes, or to say where the store's history ends. */
const STUCK_MS = 60_000;
/** 16 KiB/s: a slower uplink does not get on. */
const SLOWEST_BYTES_PER_MS = 16.384;

export interface UploaderOptions {
  readonly store: Store;
  readonly spool: Spool;
  /** Asked for each object. */
  readonly cipher?: () => Promise<SegmentCipher>;
  /** Of the writer now: it stands in names and manifests. */
  readonly epoch: () => bigint;
  /** Between the beginnings of two uploads; 0: each piece at once. Longer means fewer requests, and more that is unprotected. */
  readonly intervalMs: number;
  /** About how large (in bytes of the spool) an object becomes at most, where much has piled up. */
  readonly maxObjectBytes: number;
  /** Where the store's history ends, if that is known already. */
  readonly position?: StorePosition;
  /** Share of the objects that are read back at once, 0 to 1; default 0. */
  readonly readBackShare?: number;
  /**
   * Asked where it was not: whether what comes is the continuation of that. Rejects with `TIMELINE_FORKED` where it is not; after
   * anything else it is asked again.
   */
  readonly continues?: (position: StorePosition, signal: AbortSignal) => Promise<void>;
  readonly tell: TellDelta;
  /** Called when the store has more than before. */
  readonly advanced: () => void;
}

export interface UploaderStatus {
  readonly store: string;
  readonly kind: Store['kind'];
  /** Whether it is known yet where the store's history ends. */
  readonly positioned: boolean;
  /** Everything up to here is durable in the store, from its chain's full snapshot on; undefined where it has nothing. */
  readonly lastStoredRevision?: bigint;
  /** When that became so (wall clock); undefined before the first upload. */
  readonly lastStoredAtMs?: number;
  /** When the oldest revision of the spool that the store does not have was seen (wall clock); undefined where it has all. */
  readonly oldestWaitingAtMs?: number;
  /** Why it does not get on at the moment. */
  readonly fault?: Fault;
}

/** Brings what is in the spool into one store, in order, and never gives up on the store. */
export class Uploader {
  readonly #options: UploaderOptions;
  #positioned = false;
  #stored: bigint | undefined;
  #storedAtMs: number | undefined;
  #previousSha256: string | undefined;
  #fault: Fault | undefined;
  #hurry = false;
  #toldUpTo = 0n;
  readonly #madeAtMs = performance.now();
  #uploadingUntilMs: number | undefined;

  constructor(options: UploaderOptions) {
    this.#options = options;
    if (options.position !== undefined) this.#begin(options.position);
  }

  get status(): UploaderStatus {
    const { url, kind } = this.#options.store;
    const waiting = this.#options.spool.pieces.find(({ to }) => to > (this.#stored ?? 0n));
    return {
      store: url,
      kind,
      positioned: this.#positioned,
      ...(this.#stored === undefined ? {} : { lastStoredRevision: this.#stored }),
      ...(this.#storedAtMs === undefined ? {} : { lastStoredAtMs: this.#storedAtMs }),
      ...(waiting === undefined ? {} : { oldestWaitingAtMs: waiting.startedAtMs }),
      ...(this.#fault === undefined ? {} : { fault: this.#fault }),
    };
  }

  /** Whether the store does not get on at the moment: it fails, does not answer for a minute, or is at one object for far too long. */
  get isAway(): boolean {
    const limitMs = this.#positioned ? this.#uploadingUntilMs : this.#madeAtMs + STUCK_MS;
    return this.#fault !== undefined || (limitMs !== undefined && performance.now() > limitMs);
  }

  /** Uploads without waiting for the interval until everything that is in the spool now is in the store. */
  async flush(signal: AbortSignal): Promise<void> {
    const { pieces, changed } = this.#options.spool;
    const goal = highest(pieces.map(({ to }) => to)) ?? 0n;
    while (goal > 0n && (this.#stored ?? 0n) < goal) {
      // Others may flush as well: each ring wakes them all, so there must be no more than one for each reason.
      if (!this.#hurry) {
        this.#hurry = true;
        changed.ring();
      }
      await changed.wait(signal);
    }
  }

  /** Works until the signal is aborted, then rejects with its reason; before that only where the spool cannot be read, or with `TIMELINE_FORKED`. */
  async run(signal: AbortSignal): Promise<never> {
    const { store } = this.#options;
    if (!this.#positioned) {
      const position = await this.#persist(() => storePosition(store, signal), signal);
      await this.#judge(position, signal);
      this.#begin(position);
    }
    return await Promise.race([this.#uploadAll(signal), this.#tellBreaks(signal)]);
  }

  /** A read of etcd that fails is no reason to begin everything anew, for all stores. */
  async #judge(position: StorePosition, signal: AbortSignal): Promise<void> {
    const backOff = new BackOff();
    for (;;) {
      try {
        await this.#options.continues?.(position, signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof AgentError && error.code === 'TIMELINE_FORKED') throw error;
        await backOff.pause(signal);
      }
    }
  }

  async #uploadAll(signal: AbortSignal): Promise<never> {
    const { spool, intervalMs, maxObjectBytes } = this.#options;
    let begunAtMs = -intervalMs;
    for (;;) {
      const { pieces, bytes } = this.#next();
      const leftMs = begunAtMs + intervalMs - performance.now();
      if (pieces.length === 0) {
        if (!this.#passBreak()) await spool.changed.wait(signal);
      } else if (leftMs > 0 && !this.#hurry && bytes < maxObjectBytes) {
        await spool.changed.wait(signal, leftMs);
      } else {
        this.#hurry = false;
        begunAtMs = performance.now();
        this.#uploadingUntilMs = begunAtMs + STUCK_MS + bytes / SLOWEST_BYTES_PER_MS;
        await this.#upload(pieces, signal);
        this.#uploadingUntilMs = undefined;
      }
    }
  }

  /** At once, also while an upload hangs: the new full snapshot should not wait for it. */
  async #tellBreaks(signal: AbortSignal): Promise<never> {
    for (;;) {
      this.#tellBreak();
      await this.#options.spool.changed.wait(signal);
    }
  }

  #begin({ storedRevision, previousManifestSha256 }: StorePosition): void {
    this.#positioned = true;
    this.#stored = storedRevision;
    this.#previousSha256 = previousManifestSha256;
    this.#options.advanced();
  }

  /** How far the store and the spool go together. */
  #reach(): bigint | undefined {
    return this.#stored === undefined ? undefined : this.#options.spool.reach(this.#stored);
  }

  /** The pieces that come next, without a gap, as many as one object may hold; and their size. */
  #next(): { readonly pieces: readonly SpoolPiece[]; readonly bytes: number } {
    const { spool, maxObjectBytes } = this.#options;
    const next: SpoolPiece[] = [];
    let bytes = 0;
    // A store without a history begins with whatever there is.
    let reached = this.#stored ?? (spool.pieces[0]?.from ?? 1n) - 1n;
    for (const piece of spool.pieces) {
      if (piece.from > reached + 1n) break;
      if (piece.to <= reached) continue;
      if (next.length > 0 && bytes + piece.bytes > maxObjectBytes) break;
      next.push(piece);
      bytes += piece.bytes;
      reached = piece.to;
    }
    return { pieces: next, bytes };
  }

  /** Of all holes up to the break, also those between pieces that are in the spool: each once. */
  #tellBreak(): void {
    const { spool, store, tell } = this.#options;
    let reached = this.#reach();
    const hole = spool.break;
    while (reached !== undefined && hole !== undefined && hole.upTo > reached) {
      const lost = { from: reached + 1n, to: this.#holeEnd(reached, hole.upTo) };
      if (lost.to > this.#toldUpTo) {
        this.#toldUpTo = lost.to;
        tell({ kind: 'chain-broken', store: store.url, lost, reason: hole.reason });
      }
      reached = spool.reach(lost.to);
    }
  }

  /** Goes on behind what will never come; false where there is no such hole before it. */
  #passBreak(): boolean {
    this.#tellBreak();
    const reached = this.#reach();
    const hole = this.#options.spool.break;
    if (reached === undefined || hole === undefined || hole.upTo <= reached) return false;
    this.#stored = this.#holeEnd(reached, hole.upTo);
    return true;
  }

  #holeEnd(reached: bigint, upTo: bigint): bigint {
    const next = this.#options.spool.pieces.find(({ from }) => from > reached);
    return next !== undefined && next.from <= upTo ? next.from - 1n : upTo;
  }

  async #upload(pieces: readonly SpoolPiece[], signal: AbortSignal): Promise<void> {
    const { store, spool, epoch: epochNow, tell, advanced, readBackShare = 0 } = this.#options;
    const cipher = await this.#options.cipher?.();
    const joined = await joinPieces(pieces, {
      spool,
      after: this.#stored ?? (pieces[0]?.from ?? 1n) - 1n,
      epoch: epochNow(),
      previousManifestSha256: this.#previousSha256,
      cipher,
    }).catch((error: unknown) => {
      // The spool has let go of them while they were read: it goes on behind them.
      if (pieces.every((piece) => spool.pieces.includes(piece))) throw error;
    });
    if (joined === undefined) return;
    const { manifest, manifestSha256, object } = joined;
    const { firstRevision: from, lastRevision: to, epoch } = manifest;
    // One name for all attempts: where an answer was lost, the next one writes the same again.
    const key = deltaKey({ kind: 'delta', from, to, epoch, id: segmentId(0) }, cipher !== undefined);
    await this.#persist(async () => {
      const { bytes } = await store.put(key, object, { expectedBytes: object.length }, signal);
      if (bytes !== object.length) {
        throw new StoreError('STORE_DAMAGED', `${store.url} took ${bytes} of ${object.length} bytes of ${key}.`, {
          key,
        });
      }
      if (Math.random() < readBackShare) await requireSame(store, key, object, signal);
    }, signal);
    // Whoever has opened the spool after this stream was ended reads the pieces that would be let go of now.
    signal.throwIfAborted();
    this.#stored = to;
    this.#storedAtMs = Date.now();
    this.#previousSha256 = manifestSha256;
    tell({ kind: 'stored', store: store.url, key, range: { from, to }, bytes: object.length });
    advanced();
    spool.changed.ring();
  }

  /** Does it until it succeeds: an outage may last, and the spool holds what comes meanwhile. */
  async #persist<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const { store, tell } = this.#options;
    const backOff = new BackOff(FIRST_RETRY_MS, MAX_RETRY_MS);
    for (;;) {
      try {
        const done = await work();
        this.#fault = undefined;
        return done;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof StoreError)) throw error;
        this.#fault = faultOf(error);
        tell({ kind: 'store-failed', store: store.url, code: error.code });
        await backOff.pause(signal);
      }
    }
  }
}
