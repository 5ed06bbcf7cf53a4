import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { Fault } from '../../cluster/observation.ts';
import { Bell } from './bell.ts';
import { OpenPiece } from './open-piece.ts';
import type { RevisionBatch } from './revision-batch.ts';
import { type EncodedSegment, encodeLines, type SegmentFacts } from './segment-writer.ts';
import type { Spool } from './spool.ts';
import type { TellDelta } from './told.ts';

/** After a failure to write the spool is tried again after so long, or when something in it has gone. */
const RETRY_MS = 1_000;

/** Of a segment's manifest, what is the same for all that one capture writes. */
export type WriterFacts = Omit<
  SegmentFacts,
  'firstRevision' | 'lastRevision' | 'startedAtMs' | 'endedAtMs' | 'lastChange'
>;

export interface SealerOptions {
  readonly spool: Spool;
  /** Asked at every segment. */
  readonly facts: () => WriterFacts;
  /** So long after its first revision a piece is made durable. */
  readonly intervalMs: number;
  /** So large (in characters of its lines) a piece becomes at most, but for its last revision. */
  readonly maxPieceBytes: number;
  readonly tell: TellDelta;
  /** Asked when the spool is full: whether something has been let go of. */
  readonly makeRoom?: () => Promise<boolean>;
}

/**
 * Collects revisions and makes them durable in the spool, after a time or when there are many. At most one piece is collected
 * while one is written: then whoever brings revisions waits.
 */
export class Sealer {
  readonly #options: SealerOptions;
  readonly #bell = new Bell();
  #piece: OpenPiece | undefined;
  #writing: OpenPiece | undefined;
  #dueAtMs = 0;
  #hurry = false;
  #fault: Fault | undefined;
  #lastSpooled: { readonly revision: bigint; readonly atMs: number } | undefined;

  constructor(options: SealerOptions) {
    this.#options = options;
  }

  /** Why nothing can be made durable at the moment, if so. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** The last revision that was made durable here, and when (wall clock). */
  get lastSpooled(): { readonly revision: bigint; readonly atMs: number } | undefined {
    return this.#lastSpooled;
  }

  /** When the oldest revision that is not durable yet was seen (wall clock); undefined where all are. */
  get oldestOpenAtMs(): number | undefined {
    return (this.#writing ?? this.#piece)?.startedAtMs;
  }

  /** Takes a revision in, the next one after the one before it. Waits while there is no room. */
  async take(
    batch: RevisionBatch,
    termOf: (lease: bigint) => Promise<number | undefined>,
    signal: AbortSignal,
  ): Promise<void> {
    while (this.#piece !== undefined && this.#isLarge(this.#piece)) await this.#bell.wait(signal);
    if (this.#piece === undefined) {
      this.#piece = new OpenPiece(batch.revision);
      this.#dueAtMs = performance.now() + this.#options.intervalMs;
      this.#bell.ring();
    }
    this.#piece.add(batch, termOf);
    if (this.#isLarge(this.#piece)) this.#bell.ring();
  }

  /** Makes everything that was taken in durable, now. */
  async flush(signal: AbortSignal): Promise<void> {
    while (this.#piece !== undefined || this.#writing !== undefined) {
      if (!this.#hurry && this.#piece !== undefined) {
        this.#hurry = true;
        this.#bell.ring();
      }
      await this.#bell.wait(signal);
    }
  }

  /** Works until the signal is aborted, then rejects with its reason. */
  async run(signal: AbortSignal): Promise<never> {
    for (;;) {
      const piece = this.#piece;
      const leftMs = this.#dueAtMs - performance.now();
      if (piece === undefined || (leftMs > 0 && !this.#hurry && !this.#isLarge(piece))) {
        await this.#bell.wait(signal, piece === undefined ? undefined : leftMs);
        continue;
      }
      this.#hurry = false;
      this.#writing = piece;
      this.#piece = undefined;
      this.#bell.ring();
      await this.#write(piece, signal);
      this.#writing = undefined;
      this.#bell.ring();
    }
  }

  #isLarge(piece: OpenPiece): boolean {
    return piece.bytes >= this.#options.maxPieceBytes;
  }

  async #write(piece: OpenPiece, signal: AbortSignal): Promise<void> {
    const { from: firstRevision, to: lastRevision, startedAtMs, endedAtMs, lastChange } = piece;
    const facts = {
      ...{ ...this.#options.facts(), firstRevision, lastRevision, startedAtMs, endedAtMs },
      ...(lastChange === undefined ? {} : { lastChange }),
    };
    const segment = await encodeLines(facts, piece.lines(), () => piece.events);
    while (!(await this.#append(segment))) await this.#options.spool.changed.wait(signal, RETRY_MS);
    this.#lastSpooled = { revision: lastRevision, atMs: Date.now() };
    const range = { from: firstRevision, to: lastRevision };
    this.#options.tell({ kind: 'spooled', range, bytes: segment.object.length, events: piece.events });
  }

  async #append(segment: EncodedSegment): Promise<boolean> {
    const { spool, tell } = this.#options;
    try {
      await spool.append(segment);
      if (this.#fault?.code === 'SPOOL_FULL') tell({ kind: 'spool-free' });
      this.#fault = undefined;
      return true;
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      if (error.code === 'SPOOL_FULL' && (await this.#options.makeRoom?.()) === true)
        return await this.#append(segment);
      if (error.code === 'SPOOL_FULL' && this.#fault?.code !== 'SPOOL_FULL') {
        tell({ kind: 'spool-full', bytes: spool.bytes, maxBytes: spool.maxBytes });
      }
      this.#fault = faultOf(error);
      return false;
    }
  }
}
