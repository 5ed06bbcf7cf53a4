import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentError } from '../../cluster/agent-error.ts';
import { parseName } from '../names.ts';
import { Bell } from './bell.ts';
import { decodeSegment } from './segment.ts';
import type { EncodedSegment } from './segment-writer.ts';
import { pieceFile, randomId } from './spool-names.ts';

/** A segment that lies in the spool. */
export interface SpoolPiece {
  readonly from: bigint;
  readonly to: bigint;
  readonly bytes: number;
  readonly path: string;
}

/** What is in no piece up to here, inclusive, will never come: etcd has compacted it away, or its watch leaves it out. */
export interface ChainBreak {
  readonly upTo: bigint;
  readonly reason: 'compacted' | 'left-out';
}

export interface SpoolOptions {
  /** A folder of its own; best on another device than etcd's WAL. Made where it is missing. */
  readonly folder: string;
  /** How much it may hold. */
  readonly maxBytes: number;
}

/**
 * What has been captured and is not yet in every store: segments as files, each durable and whole or not there at all. It goes on
 * from what is there after any death of the process.
 */
export class Spool {
  readonly #folder: string;
  readonly #maxBytes: number;
  #pieces: SpoolPiece[] = [];
  #bytes = 0;
  #break: ChainBreak | undefined;
  /** Rings at every change. */
  readonly changed = new Bell();
  /** Files that were found damaged and put aside. */
  readonly putAside: readonly string[];

  private constructor({ folder, maxBytes }: SpoolOptions, pieces: SpoolPiece[], putAside: readonly string[]) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    this.putAside = putAside;
    for (const piece of pieces) this.#insert(piece);
  }

  /**
   * Opens the folder, reads everything in it once, removes what was never finished and puts aside what is damaged. Throws
   * `SPOOL_FAILED` where the folder cannot be used.
   */
  static async open(options: SpoolOptions, signal?: AbortSignal): Promise<Spool> {
    const { folder } = options;
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const pieces: SpoolPiece[] = [];
      const putAside: string[] = [];
      for (const file of await readdir(folder)) {
        signal?.throwIfAborted();
        const path = join(folder, file);
        const name = parseName(`delta/${file}`);
        if (file.endsWith('.tmp')) await rm(path, { force: true });
        if (name?.kind !== 'delta') continue;
        if (await isWhole(path, `delta/${file}`)) {
          pieces.push({ from: name.from, to: name.to, bytes: (await stat(path)).size, path });
        } else {
          // It may still be of use to a person, and nothing is deleted that nobody named.
          await rename(path, `${path}.damaged`);
          putAside.push(`${path}.damaged`);
        }
      }
      return new Spool(options, pieces, putAside);
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
    if (this.#bytes + object.length > this.#maxBytes) throw full(this.#folder, this.#bytes, this.#maxBytes);
    const { firstRevision: from, lastRevision: to, epoch } = manifest;
    const path = join(this.#folder, pieceFile({ from, to, epoch, id: randomId() }));
    const unfinished = `${path}.tmp`;
    try {
      await writeDurably(unfinished, object);
      await rename(unfinished, path);
      await syncFolder(this.#folder);
    } catch (error) {
      // Also the finished one: whoever is told that it failed does it again.
      await Promise.all([rm(unfinished, { force: true }), rm(path, { force: true })]).catch(() => undefined);
      throw isNoSpace(error)
        ? full(this.#folder, this.#bytes, this.#maxBytes, error)
        : failed(this.#folder, 'write', error);
    }
    const piece = { from, to, bytes: object.length, path };
    this.#insert(piece);
    this.changed.ring();
    return piece;
  }

  /** The bytes of a piece. */
  read({ path }: SpoolPiece): AsyncIterable<Buffer> {
    return createReadStream(path);
  }

  /** Takes away all pieces that end at `revision` or before: every store has them. */
  async release(revision: bigint): Promise<void> {
    const gone = this.#pieces.filter(({ to }) => to <= revision);
    if (gone.length === 0) return;
    this.#pieces = this.#pieces.filter(({ to }) => to > revision);
    this.#bytes -= gone.reduce((sum, { bytes }) => sum + bytes, 0);
    this.changed.ring();
    for (const { path } of gone) await rm(path, { force: true });
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

async function isWhole(path: string, key: string): Promise<boolean> {
  try {
    const { records } = await decodeSegment(createReadStream(path), { key });
    for await (const _ of records);
    return true;
  } catch (error) {
    if (error instanceof AgentError) return false;
    throw error;
  }
}

async function writeDurably(path: string, content: Buffer): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  await file.writeFile(content);
  await file.sync();
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}

function isNoSpace(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

function full(folder: string, bytes: number, maxBytes: number, cause?: unknown): AgentError {
  const why = cause === undefined ? `it holds ${bytes} of at most ${maxBytes} bytes` : 'its disk is full';
  return new AgentError('SPOOL_FULL', `The spool of changes in ${folder} takes no more: ${why}.`, {
    remedy:
      'See why the store takes nothing, or give the spool more room. Etcd keeps the changes until it is compacted.',
    cause,
  });
}

function failed(folder: string, what: string, cause: unknown): AgentError {
  const said = cause instanceof Error ? cause.message : String(cause);
  return new AgentError('SPOOL_FAILED', `The spool of changes in ${folder} failed to ${what}: ${said}.`, {
    remedy: 'Check the folder, its permissions and its disk.',
    cause,
  });
}
