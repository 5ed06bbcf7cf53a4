import { readFile, stat } from 'node:fs/promises';
import { StoreError } from '../store.ts';

/**
 * A small file that others may replace at any time: read again when its time, size or inode is another. Throws
 * `STORE_DENIED` where it cannot be read, without a word of what is in it.
 */
export class ChangingFile {
  readonly path: string;
  #stamp: string | undefined;
  #content = Buffer.alloc(0);

  constructor(path: string) {
    this.path = path;
  }

  async read(): Promise<Buffer> {
    try {
      const { mtimeMs, ctimeMs, size, ino } = await stat(this.path);
      const stamp = `${mtimeMs} ${ctimeMs} ${size} ${ino}`;
      if (stamp === this.#stamp) return this.#content;
      this.#content = await readFile(this.path);
      this.#stamp = stamp;
      return this.#content;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      throw new StoreError('STORE_DENIED', `The file ${this.path}, which the store needs, cannot be read (${code}).`, {
        remedy: 'Look at its path and its rights.',
        cause: error,
      });
    }
  }

  /** The text without spaces and line ends around it. Throws `STORE_DENIED` also where there is none. */
  async readText(): Promise<string> {
    const text = (await this.read()).toString('utf8').trim();
    if (text !== '') return text;
    throw new StoreError('STORE_DENIED', `The file ${this.path}, which the store needs, is empty.`, {
      remedy: 'Write into it what its key of the configuration says.',
    });
  }
}
