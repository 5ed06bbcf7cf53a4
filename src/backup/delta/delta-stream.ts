import { join } from 'node:path';
import { linkedAbort, within } from '../../abort/linked-abort.ts';
import { byRevision, lowest } from '../revisions.ts';
import type { Store } from '../store/store.ts';
import { Capture, type CaptureOptions, type CaptureStatus } from './capture.ts';
import { ZERO_KEY } from './capture-client.ts';
import { checkContinues, type LastChange } from './last-change.ts';
import { readSegmentManifest } from './segment.ts';
import type { SegmentCipher } from './segment-writer.ts';
import { Spool, type SpoolOptions } from './spool.ts';
import { startAfter } from './start-after.ts';
import { lastChangeOf, type StorePosition, storePosition } from './store-position.ts';
import { Uploader, type UploaderStatus } from './uploader.ts';

/** How long a store may take to say where its history ends before the capture begins without it. */
const POSITION_MS = 10_000;
const MAX_PIECE_BYTES = 8 * 1024 * 1024;
const MAX_OBJECT_BYTES = 8 * 1024 * 1024;

/** One store that the deltas go to. */
export interface DeltaDestination {
  /** Its keys are those of one timeline: `full/…`, `delta/…`. Its owner closes it. */
  readonly store: Store;
  /** Between two uploads; 0: as soon as there is something. */
  readonly intervalMs: number;
  /** Gives it as it is then: keys may be changed. */
  readonly cipher?: () => Promise<SegmentCipher>;
  /** Share of the objects that are read back at once, 0 to 1; default 0. */
  readonly readBackShare?: number;
}

export interface DeltaStreamOptions extends Omit<CaptureOptions, 'spool' | 'startAfter' | 'maxPieceBytes'> {
  /** Each timeline has a folder of its own in it. */
  readonly spool: SpoolOptions;
  readonly destinations: readonly DeltaDestination[];
  /** Default 8 MiB of text. */
  readonly maxPieceBytes?: number;
  /** Default 8 MiB, compressed. */
  readonly maxObjectBytes?: number;
}

export interface DeltaStatus {
  readonly capture: CaptureStatus;
  readonly spool: {
    readonly bytes: number;
    readonly maxBytes: number;
    readonly pieces: number;
    /** Whether it survives the death of the process. */
    readonly durable: boolean;
  };
  readonly stores: readonly UploaderStatus[];
}

/** Everything from the watch to the stores: what is written to etcd is written down, at once and in order. */
export class DeltaStream {
  readonly #capture: Capture;
  readonly #spool: Spool;
  #uploaders: readonly Uploader[] = [];
  #releasing: Promise<void> = Promise.resolve();

  private constructor(
    options: DeltaStreamOptions,
    spool: Spool,
    positions: readonly (StorePosition | undefined)[],
    after: bigint | 'earliest',
  ) {
    this.#spool = spool;
    this.#capture = new Capture({
      maxPieceBytes: MAX_PIECE_BYTES,
      ...options,
      spool,
      startAfter: after,
      makeRoom: () => this.#makeRoom(),
    });
    this.#uploaders = options.destinations.map(
      ({ store, intervalMs, cipher, readBackShare = 0 }, index) =>
        new Uploader({
          ...{ store, spool, intervalMs, readBackShare },
          maxObjectBytes: options.maxObjectBytes ?? MAX_OBJECT_BYTES,
          epoch: () => options.facts().epoch,
          tell: options.tell,
          advanced: () => this.#release(),
          continues: (position, signal) => checkAll(options.client, [position.lastChange], signal),
          ...(cipher === undefined ? {} : { cipher }),
          ...(positions[index] === undefined ? {} : { position: positions[index] }),
        }),
    );
  }

  /**
   * Finds out what is durable where, and so from which revision to go on. A store that does not answer is asked again later.
   * Throws `SPOOL_FAILED`, `TIMELINE_FORKED` where the live history is not the continuation of what is durable, and what etcd fails
   * with.
   */
  static async open(options: DeltaStreamOptions, signal: AbortSignal): Promise<DeltaStream> {
    const { folder, maxBytes } = options.spool;
    // What another history left there must not come into this one.
    const place = folder === undefined ? {} : { folder: join(folder, options.facts().timeline) };
    const spool = await Spool.open({ ...place, maxBytes }, signal);
    const positions = await Promise.all(
      options.destinations.map(({ store }) =>
        within([signal], POSITION_MS, (asking) => storePosition(store, asking)).catch(() => undefined),
      ),
    );
    signal.throwIfAborted();
    const ends = [await endOf(spool), ...positions.map((position) => position?.lastChange)];
    await checkAll(options.client, ends, signal);
    const known = startAfter(spool, positions);
    const after = known === 'live' ? await liveRevision(options, signal) : known;
    // What an earlier process let go of comes no more, and only it knew: a store that lacks it would wait for it for ever.
    if (after !== 'earliest') spool.breakAt(after, 'no-room');
    return new DeltaStream(options, spool, positions, after);
  }

  get status(): DeltaStatus {
    const { bytes, maxBytes, pieces, durable } = this.#spool;
    return {
      capture: this.#capture.status,
      spool: { bytes, maxBytes, pieces: pieces.length, durable },
      stores: this.#uploaders.map(({ status }) => status),
    };
  }

  /** Files of the spool that were found damaged and put aside. */
  get putAside(): readonly string[] {
    return this.#spool.putAside;
  }

  /** Brings everything that has been seen into all stores, now: before a clean end, and where somebody waits for it. */
  async flush(signal: AbortSignal): Promise<void> {
    await this.#capture.flush(signal);
    await Promise.all(this.#uploaders.map((uploader) => uploader.flush(signal)));
    await this.#releasing;
  }

  /**
   * Works until the signal is aborted. Rejects with `TIMELINE_FORKED` where a new timeline must be begun; after anything else that it
   * rejects with it may be opened again.
   */
  async run(signal: AbortSignal): Promise<void> {
    // What an earlier process had stored and not yet let go of.
    this.#release();
    const link = linkedAbort([signal]);
    const work = [this.#capture.run(link.signal), ...this.#uploaders.map((uploader) => uploader.run(link.signal))];
    try {
      await Promise.race(work);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      link.abort();
      link.release();
      await Promise.allSettled(work);
      await this.#releasing;
    }
  }

  /**
   * A store that is away must not keep the others from what comes: what all that get on have is let go of. It needs a new full snapshot
   * then, as soon as it is back. False where that makes no room: all are away, or those that get on are behind as well.
   */
  async #makeRoom(): Promise<boolean> {
    const stored = this.#uploaders.filter(({ isAway }) => !isAway).map(({ status }) => status.lastStoredRevision);
    if (stored.length === this.#uploaders.length || stored.includes(undefined)) return false;
    const everywhere = lowest(stored.filter((revision) => revision !== undefined));
    return everywhere !== undefined && (await this.#spool.letGo(everywhere));
  }

  /** What all stores have is no longer needed in the spool. */
  #release(): void {
    const stored = this.#uploaders.map(({ status }) => status.lastStoredRevision);
    if (stored.includes(undefined)) return;
    const everywhere = lowest(stored.filter((revision) => revision !== undefined));
    if (everywhere === undefined) return;
    this.#releasing = this.#releasing.then(() => this.#spool.release(everywhere)).catch(() => undefined);
  }
}

/** Each once: stores that have the same have the same end. */
async function checkAll(
  client: DeltaStreamOptions['client'],
  ends: readonly (LastChange | undefined)[],
  signal: AbortSignal,
): Promise<void> {
  const known = ends.filter((end) => end !== undefined);
  const each = new Map(known.map((end) => [`${end.revision} ${end.digest}`, end]));
  for (const end of each.values()) await checkContinues(client, end, signal);
}

/** What the last revision in the spool was, which may be further than any store is. */
async function endOf(spool: Spool): Promise<LastChange | undefined> {
  const last = spool.pieces.toSorted((a, b) => byRevision(a.to, b.to)).at(-1);
  if (last === undefined) return undefined;
  return lastChangeOf((await readSegmentManifest(spool.read(last), last.name)).manifest);
}

async function liveRevision({ client }: DeltaStreamOptions, signal: AbortSignal): Promise<bigint> {
  const { header } = await client.range({ key: ZERO_KEY, limit: 1, keysOnly: true }, signal);
  return header.revision;
}
