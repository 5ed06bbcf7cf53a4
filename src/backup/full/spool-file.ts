import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentError } from '../../cluster/agent-error.ts';
import { formatBytes } from '../../cluster/units.ts';

/** Where a spool lies, and how large it may become. */
export interface SpoolPlace {
  /** Not on the device of etcd's WAL. Made where it is missing. */
  readonly folder: string;
  readonly maxBytes: number;
}

const READ_BYTES = 512 * 1024;

/**
 * A file for what cannot be passed on yet. It has no name: whatever ends the process, nothing of it stays behind. It is
 * written at its end and read from its beginning; one that was read to its end begins anew.
 */
export class SpoolFile implements AsyncDisposable {
  readonly #place: SpoolPlace;
  #file: FileHandle | undefined;
  #writtenBytes = 0;
  #readBytes = 0;

  constructor(place: SpoolPlace) {
    this.#place = place;
  }

  /** Bytes that were written and not read. */
  get unreadBytes(): number {
    return this.#writtenBytes - this.#readBytes;
  }

  /** Throws `SPOOL_FULL` where the disk or the bound is reached, and `SPOOL_FAILED`. */
  async write(piece: Buffer): Promise<void> {
    if (this.#writtenBytes + piece.length > this.#place.maxBytes) throw this.#full('its bound is reached');
    try {
      this.#file ??= await this.#make();
      // What a full disk takes of it is less than all.
      for (let done = 0; done < piece.length; ) {
        const { bytesWritten } = await this.#file.write(piece, done, piece.length - done, this.#writtenBytes + done);
        done += bytesWritten;
      }
    } catch (error) {
      throw this.#explain(error);
    }
    this.#writtenBytes += piece.length;
  }

  /** The next bytes, of which there must be some. Throws `SPOOL_FAILED`. */
  async read(): Promise<Buffer> {
    const piece = Buffer.allocUnsafe(Math.min(READ_BYTES, this.unreadBytes));
    const { bytesRead = 0 } =
      (await this.#file?.read(piece, 0, piece.length, this.#readBytes).catch((error: unknown) => {
        throw this.#explain(error);
      })) ?? {};
    if (bytesRead === 0) throw this.#failed('it is shorter than what was written to it', undefined);
    this.#readBytes += bytesRead;
    return piece.subarray(0, bytesRead);
  }

  /** Begins anew, over what was there. Only while nothing is unread, and no write is under way. */
  rewind(): void {
    this.#writtenBytes = 0;
    this.#readBytes = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #make(): Promise<FileHandle> {
    const { folder } = this.#place;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, `spool-${randomUUID()}`);
    const file = await open(path, 'wx+', 0o600);
    await unlink(path);
    return file;
  }

  #explain(error: unknown): unknown {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOSPC' || code === 'EDQUOT') return this.#full('the disk has no room left', error);
    return this.#failed(error instanceof Error ? error.message : String(error), error);
  }

  #full(why: string, cause?: unknown): AgentError {
    const { folder, maxBytes } = this.#place;
    return new AgentError(
      'SPOOL_FULL',
      `The spool in ${folder} holds ${formatBytes(this.#writtenBytes)} of at most ${formatBytes(maxBytes)}, and ${why}: a store takes backups slower than etcd gives them.`,
      { remedy: 'Give the spool more room, limit the rate of backups, or look at why the store is slow.', cause },
    );
  }

  #failed(why: string, cause: unknown): AgentError {
    return new AgentError('SPOOL_FAILED', `The spool in ${this.#place.folder} cannot be used: ${why}.`, {
      remedy: 'Check the folder, its permissions and its disk.',
      cause,
    });
  }
}
