import { AgentError } from '../../cluster/agent-error.ts';
import { deltaKey } from '../names.ts';
import { highest } from '../revisions.ts';
import { Bell } from './bell.ts';
import { segmentId } from './segment-id.ts';
import type { EncodedSegment } from './segment-writer.ts';
import { SpoolFolder } from './spool-folder.ts';
import { SpoolMemory } from './spool-memory.ts';

/** A segment that lies in the spool. */
export interface SpoolPiece {
  readonly from: bigint;
  readonly to: bigint;
  readonly bytes: number;
  /** When its first revision was seen, wall clock. */
  readonly startedAtMs: number;
  readonly name: string;
}

/** What was found when the spool was opened. */
export interface Found {
  readonly pieces: readonly SpoolPiece[];
  readonly putAside: readonly string[];
}

/**
 * What is in no piece up to here, inclusive, will never come: etcd has compacted it away, its watch leaves it out, or the spool had
 * no room for what only a store that is away was waiting for.
 */
export interface ChainBreak {
  readonly upTo: bigint;
  readonly reason: 'compacted' | 'left-out' | 'no-room';
}

/** Where the bytes of pieces lie, by name. */
export interface SpoolShelf {
  /** For messages. */
  readonly place: string;
  /** Keeps a piece, whole or not at all. Throws what the system says. */
  write(name: string, object: Buffer): Promise<void>;
  read(name: string): AsyncIterable<Buffer>;
  remove(name: string): Promise<void>;
}

export interface SpoolOptions {
  /**
   * A folder of its own; best on another device than etcd's WAL. Made where it is missing. Left out: what is not in the stores yet is
   * kept in memory only, and read from etcd again after the process has died.
   */
  readonly folder?: string;
  /** How much it may hold; a single piece may be larger. */
  readonly maxBytes: number;
}

/**
 * What has been captured and is not yet in every store: segments, each durable and whole or not there at all. In a folder it goes on
 * from what is there after any death of the process.
 */
export class Spool {
  readonly #shelf: SpoolShelf;
  readonly #maxBytes: number;
  #pieces: SpoolPiece[] = [];
  #bytes = 0;
  #break: ChainBreak | undefined;
  /** Rings at every change. */
  readonly changed = new Bell();
  /** Whether what is in it survives the death of the process. */
  readonly durable: boolean;
  /** Files that were found damaged and put aside. */
  readonly putAside: readonly string[];

  private constructor(shelf: SpoolShelf, maxBytes: number, found?: Found) {
    this.#shelf = shelf;
    this.#maxBytes = maxBytes;
    this.durable = found !== undefined;
    this.putAside = found?.putAside ?? [];
    for (const piece of found?.pieces ?? []) this.#insert(piece);
  }

  /**
   * Opens the folder, reads everything in it once, removes what was never finished and puts aside what is damaged. Throws
   * `SPOOL_FAILED` where the folder cannot be used.
   */
  static async open({ folder, maxBytes }: SpoolOptions, signal?: AbortSignal): Promise<Spool> {
    if (folder === undefined) return new Spool(new SpoolMemory(), maxBytes);
    const shelf = new SpoolFolder(folder);
    try {
      return new Spool(shelf, maxBytes, await shelf.recover(signal));
    } catch (error) {
      signal?.throwIfAborted();
      throw failed(folder, 'open', error);
    }
  }

  /** In order of their first revisions. */
  get pieces(): readonly SpoolPiece[] {
    return this.#pieces;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** The last break of the chain since it was opened, if there was one. */
  get break(): ChainBreak | undefined {
    return this.#break;
  }

  /** How far its pieces go without a gap for whoever has everything up to `revision`. */
  reach(revision: bigint): bigint {
    let reached = revision;
    for (const { from, to } of this.#pieces) {
      if (from > reached + 1n) break;
      if (to > reached) reached = to;
    }
    return reached;
  }

  /**
   * Makes a segment durable here. Throws `SPOOL_FULL` where it has no room for it or the disk has none, `SPOOL_FAILED` where it cannot be
   * written; then nothing of it is there.
   */
  async append({ manifest, object }: EncodedSegment): Promise<SpoolPiece> {
    // An empty one takes anything: a piece that is larger than the whole spool must not wait for ever.
    if (this.#bytes > 0 && this.#bytes + object.length > this.#maxBytes)
      throw full(this.#shelf.place, this.#bytes, this.#maxBytes);
    const { firstRevision: from, lastRevision: to, epoch, startedAtMs } = manifest;
    const name = deltaKey({ kind: 'delta', from, to, epoch, id: segmentId(0) }, false).slice('delta/'.length);
    try {
      await this.#shelf.write(name, object);
    } catch (error) {
      throw isNoSpace(error)
        ? full(this.#shelf.place, this.#bytes, this.#maxBytes, error)
        : failed(this.#shelf.place, 'write', error);
    }
    const piece = { from, to, bytes: object.length, startedAtMs, name };
    this.#insert(piece);
    this.changed.ring();
    return piece;
  }

  /** The bytes of a piece. */
  read({ name }: SpoolPiece): AsyncIterable<Buffer> {
    return this.#shelf.read(name);
  }

  /** Takes away all pieces that end at `revision` or before: every store has them. */
  async release(revision: bigint): Promise<void> {
    const gone = this.#pieces.filter(({ to }) => to <= revision);
    if (gone.length === 0) return;
    this.#pieces = this.#pieces.filter(({ to }) => to > revision);
    this.#bytes -= gone.reduce((sum, { bytes }) => sum + bytes, 0);
    this.changed.ring();
    for (const { name } of gone) await this.#shelf.remove(name);
  }

  /**
   * Takes away all pieces that end at `revision` or before although some store does not have them: for that one the chain is broken.
   * False where there are none.
   */
  async letGo(revision: bigint): Promise<boolean> {
    const upTo = highest(this.#pieces.filter(({ to }) => to <= revision).map(({ to }) => to));
    if (upTo === undefined) return false;
    // Whoever is woken by the pieces that go must find the break.
    if (upTo > (this.#break?.upTo ?? 0n)) this.#break = { upTo, reason: 'no-room' };
    await this.release(upTo);
    return true;
  }

  /** Says that what is not here up to `revision` will never come. */
  breakAt(revision: bigint, reason: ChainBreak['reason']): void {
    this.#break = { upTo: revision, reason };
    this.changed.ring();
  }

  #insert(piece: SpoolPiece): void {
    const at = this.#pieces.findLastIndex(({ from }) => from <= piece.from) + 1;
    this.#pieces = this.#pieces.toSpliced(at, 0, piece);
    this.#bytes += piece.bytes;
  }
}

function isNoSpace(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

function full(place: string, bytes: number, maxBytes: number, cause?: unknown): AgentError {
  const why = cause === undefined ? `it holds ${bytes} of at most ${maxBytes} bytes` : 'its disk is full';
  return new AgentError('SPOOL_FULL', `The spool of changes in ${place} takes no more: ${why}.`, {
    remedy:
      'See why the store takes nothing, or give the spool more room. Etcd keeps the changes until it is compacted.',
    cause,
  });
}

function failed(place: string, what: string, cause: unknown): AgentError {
  const said = cause instanceof Error ? cause.message : String(cause);
  return new AgentError('SPOOL_FAILED', `The spool of changes in ${place} failed to ${what}: ${said}.`, {
    remedy: 'Check the folder, its permissions and its disk.',
    cause,
  });
}
