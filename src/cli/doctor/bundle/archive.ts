import { type FileHandle, open, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { AgentError, faultOf } from '../../../cluster/agent-error.ts';

/** One file of the archive. */
export interface BundleFile {
  /** Relative, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** An archive that is being made; its file is there, empty, from the start. */
export class Archive {
  readonly #path: string;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  /**
   * Makes the file, for its owner only. Nothing is ever overwritten.
   * @throws AgentError `USAGE` where it cannot be made, or is there already
   */
  static async create(path: string): Promise<Archive> {
    try {
      return new Archive(path, await open(path, 'wx', 0o600));
    } catch (error) {
      const { code, message } = faultOf(error);
      const reason = code === 'EEXIST' ? 'it is there already' : message;
      throw new AgentError('USAGE', `The archive ${path} cannot be written: ${reason}.`, {
        remedy: 'Name a new file in a folder that you may write to.',
        cause: error,
      });
    }
  }

  /** Writes all files, as a tar archive in gzip, and closes it. Returns its size in bytes. */
  async write(files: readonly BundleFile[], mtime: Date): Promise<number> {
    const { pack } = await import('tar-stream');
    const tar = pack();
    for (const { path, text } of files) {
      tar.entry({ name: path, mode: 0o600, mtime }, text);
    }
    tar.finalize();
    const output = this.#handle.createWriteStream({ flush: true });
    await pipeline(tar, createGzip(), output);
    return output.bytesWritten;
  }

  /** Removes the file: there is nothing in it. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await rm(this.#path, { force: true });
  }
}
