import { setTimeout as sleep } from 'node:timers/promises';
import { type LinkedAbort, linkedAbort } from '../../abort/linked-abort.ts';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { Fault } from '../../cluster/observation.ts';
import type { ReplyHeader, WatchBatch } from '../../etcd/types.ts';
import { type KeyspaceClient, ZERO_KEY } from './client.ts';
import { type PaceLimits, pause, pauseSeconds } from './pace.ts';
import { Scan } from './scan.ts';
import type { KeyspaceTotals } from './totals.ts';
import { Turns } from './turns.ts';

const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 10_000;
const HELD_PAUSE_SECONDS = 0.5;
/** A member that has just started may be behind its own past until it has applied what the others have. */
const CATCH_UP_MS = 15_000;

export interface FollowOptions {
  readonly client: KeyspaceClient;
  readonly totals: KeyspaceTotals;
  readonly pageBytes: number;
  readonly pace: PaceLimits;
  /** Why no page may be asked for now. */
  readonly hold: () => string | undefined;
}

/** How far it is. */
export interface FollowProgress {
  /** All keys have been read and all events applied: the totals are exact at `revision`. */
  readonly current: boolean;
  readonly scannedKeys: number;
  readonly revision: bigint;
}

/**
 * Reads all keys once and then keeps the totals right from the watch. When the connection breaks it goes on from the last
 * revision; only when that is compacted, or the member's data is not what it was, it reads everything again.
 */
export class Follow {
  readonly #options: FollowOptions;
  readonly #turns = new Turns();
  #scan: Scan | undefined;
  #base: ReplyHeader | undefined;
  #watched = 0n;
  #fault: Fault | undefined;
  #behindSinceMs: number | undefined;
  #link: LinkedAbort | undefined;

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  /** Why it does not get on at the moment. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  get progress(): FollowProgress {
    const scan = this.#scan;
    return {
      current: scan?.done === true && this.#watched >= scan.newestPage,
      scannedKeys: scan?.keys ?? 0,
      revision: this.#watched,
    };
  }

  /** Drops the connection's calls and begins new ones, for a watch that has gone silent. */
  reconnect(): void {
    const said = 'The watch is behind the member and delivers nothing.';
    this.#link?.abort(new AgentError('KEYSPACE_WATCH_SILENT', said, { remedy: 'Nothing: it is begun anew.' }));
  }

  /** Works until the signal is aborted; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    let backoffMs = FIRST_BACKOFF_MS;
    while (!signal.aborted) {
      const before = this.progress;
      await this.#attempt(signal).catch((error: unknown) => this.#failed(error));
      const { scannedKeys, revision } = this.progress;
      const advanced = revision !== before.revision || scannedKeys !== before.scannedKeys;
      backoffMs = advanced ? FIRST_BACKOFF_MS : Math.min(backoffMs * 2, MAX_BACKOFF_MS);
      await sleep(backoffMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #failed(error: unknown): void {
    this.#fault = faultOf(error);
    if (this.#fault.code === 'ETCD_COMPACTED') {
      this.#scan = undefined;
    }
  }

  /** Watches and scans at once until one of them fails; the watch never ends otherwise. */
  async #attempt(signal: AbortSignal): Promise<void> {
    // One key that hardly exists: what matters is the header.
    const { header } = await this.#options.client.keySizes(
      { key: ZERO_KEY, keysOnly: true, serializable: true },
      signal,
    );
    const scan = this.#scanFor(header);
    this.#fault = undefined;
    const link = linkedAbort([signal]);
    this.#link = link;
    const work = [this.#watch(link.signal), this.#pages(scan, link.signal)];
    try {
      await Promise.all(work);
    } catch (error) {
      throw link.signal.reason instanceof AgentError ? link.signal.reason : error;
    } finally {
      link.abort();
      link.release();
      this.#link = undefined;
      // What is still under way belongs to the old attempt and must not reach into the next.
      await Promise.allSettled(work);
    }
  }

  /** The scan to go on with, or a new one where the data is not the continuation of what has been read. */
  #scanFor(header: ReplyHeader): Scan {
    const { client, totals, pageBytes } = this.#options;
    const behind = header.revision < this.#watched;
    if (
      this.#scan !== undefined &&
      this.#base?.clusterId === header.clusterId &&
      header.raftTerm >= this.#base.raftTerm
    ) {
      this.#behindSinceMs = behind ? (this.#behindSinceMs ?? performance.now()) : undefined;
      if (this.#behindSinceMs === undefined) {
        this.#base = header;
        return this.#scan;
      }
      if (performance.now() - this.#behindSinceMs < CATCH_UP_MS) {
        throw new AgentError(
          'KEYSPACE_MEMBER_BEHIND',
          `The member is at revision ${header.revision}, and was at ${this.#watched} before.`,
          { remedy: 'Wait: it catches up, or everything is read again.' },
        );
      }
    }
    totals.clear();
    this.#behindSinceMs = undefined;
    this.#base = header;
    this.#watched = header.revision;
    this.#scan = new Scan(client, totals, pageBytes);
    return this.#scan;
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const request = { key: ZERO_KEY, rangeEnd: ZERO_KEY, startRevision: this.#watched + 1n };
    for await (const batch of this.#options.client.watch(request, signal)) {
      // Progress is no news here: every revision of the store changes some key, and this watch sees them all.
      if (batch.kind === 'events') {
        await this.#turns.take(() => this.#apply(batch));
      }
    }
    throw new AgentError('ETCD_WATCH_ENDED', 'The watch over all keys ended.');
  }

  #apply({ events, fragment }: WatchBatch): void {
    const { totals } = this.#options;
    for (const { type, kv } of events) {
      totals.countWrite(kv.key);
      if (type === 'put') {
        totals.put(kv.key, kv.value.length);
      } else {
        totals.remove(kv.key);
      }
    }
    const last = events.at(-1);
    // A revision in pieces counts when its last piece is there, else a new watch would miss the rest.
    if (last !== undefined && !fragment) {
      this.#watched = last.kv.modRevision;
    }
  }

  async #pages(scan: Scan, signal: AbortSignal): Promise<void> {
    const { pace, hold } = this.#options;
    while (!scan.done) {
      while (hold() !== undefined) {
        await pause(HELD_PAUSE_SECONDS, signal);
      }
      // Under a turn: an event that arrives while a page is under way may be newer than the page, and comes after it.
      const { keys, seconds } = await this.#turns.take(() => {
        signal.throwIfAborted();
        return scan.step(this.#watched, signal);
      });
      await pause(pauseSeconds(pace, keys, seconds), signal);
    }
  }
}
