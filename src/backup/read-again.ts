import { stat } from 'node:fs/promises';

/**
 * What is made of a file of keys that others may replace at any time: made again when the file's time, size or inode is
 * another. A file that can no longer be used is told, and what was made of it last goes on: backups do not stop for it.
 */
export class ReadAgain<T> {
  readonly #path: string;
  readonly #read: (path: string) => Promise<T>;
  readonly #onTrouble: (error: unknown) => void;
  #made: { readonly stamp: string; readonly value: T } | undefined;

  /** @param onTrouble told each time; must not throw */
  constructor(path: string, read: (path: string) => Promise<T>, onTrouble: (error: unknown) => void) {
    this.#path = path;
    this.#read = read;
    this.#onTrouble = onTrouble;
  }

  /** As it is now. Throws what reading throws, for as long as it has never succeeded. */
  async now(): Promise<T> {
    const stamp = await stampOf(this.#path);
    if (this.#made !== undefined && this.#made.stamp === stamp) return this.#made.value;
    try {
      const value = await this.#read(this.#path);
      this.#made = { stamp, value };
      return value;
    } catch (error) {
      if (this.#made === undefined) throw error;
      this.#onTrouble(error);
      return this.#made.value;
    }
  }
}

/** Empty where there is no file: reading it says why. */
async function stampOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? '' : `${found.mtimeMs} ${found.ctimeMs} ${found.size} ${found.ino}`;
}
