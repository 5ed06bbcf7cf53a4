import { SpoolFile, type SpoolPlace } from './spool-file.ts';

/** So much waits in memory before the rest goes to the spool. */
const MEMORY_BYTES = 8 * 2 ** 20;

/**
 * Pieces on their way to one store, in order. A store that lags holds nobody back: past a limit its pieces wait in a spool
 * file. One reader, one writer.
 */
export class SpooledQueue implements AsyncDisposable {
  readonly #spool: SpoolFile;
  readonly #memoryBytes: number;
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  #spilling = false;
  #writing = false;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #wake = (): void => undefined;
  #spooledBytes = 0;

  constructor(place: SpoolPlace, memoryBytes: number = MEMORY_BYTES) {
    this.#spool = new SpoolFile(place);
    this.#memoryBytes = memoryBytes;
  }

  /** Bytes that took the way through the file so far. */
  get spooledBytes(): number {
    return this.#spooledBytes;
  }

  /**
   * Takes a piece, which nobody changes any more; after a failure it goes nowhere. Throws `SPOOL_FULL` and `SPOOL_FAILED`, which
   * the reader is told as well.
   */
  async write(piece: Buffer): Promise<void> {
    if (this.#failure !== undefined) return;
    if (!this.#spilling && this.#pieceBytes + piece.length > this.#memoryBytes && this.#pieces.length > 0) {
      this.#spilling = true;
    }
    if (!this.#spilling) {
      this.#pieces.push(piece);
      this.#pieceBytes += piece.length;
      this.#wake();
      return;
    }
    this.#writing = true;
    try {
      await this.#spool.write(piece);
      this.#spooledBytes += piece.length;
    } catch (error) {
      this.fail(error);
      throw error;
    } finally {
      this.#writing = false;
      this.#wake();
    }
  }

  /** Nothing comes any more. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Nothing comes any more because something failed: the reader gets the error in place of an end. The first one counts. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#pieces = [];
    this.#pieceBytes = 0;
    this.#wake();
  }

  /** All pieces, until the end. Throws what `fail` was told, and what the spool fails with. */
  async *read(): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      // Before the look at what there is: what comes in between ends the wait at once.
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      if (this.#failure !== undefined) throw this.#failure.error;
      const piece = this.#pieces.shift();
      if (piece !== undefined) {
        this.#pieceBytes -= piece.length;
        yield piece;
      } else if (this.#spool.unreadBytes > 0) {
        yield await this.#spool.read();
      } else {
        if (!this.#writing) {
          // The store has caught up: memory does again.
          this.#spilling = false;
          this.#spool.rewind();
          if (this.#ended) return;
        }
        await promise;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#pieces = [];
    await this.#spool[Symbol.asyncDispose]();
  }
}
