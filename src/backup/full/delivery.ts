import { type LinkedAbort, linkedAbort } from '../../abort/linked-abort.ts';
import { type Store, StoreError } from '../store/store.ts';
import type { SpoolPlace } from './spool-file.ts';
import { SpooledQueue } from './spooled-queue.ts';

/** So long a store may take to let go of what it was given, before it is told to leave it. */
const STOP_AFTER_MS = 2000;

/**
 * A snapshot on its way to one store: pieces are written to it and it puts them, at the store's own pace. Where the store
 * fails, what else is written goes nowhere, and `failure` says why.
 */
export class Delivery implements AsyncDisposable {
  readonly store: Store;
  readonly #queue: SpooledQueue;
  readonly #put: Promise<void>;
  readonly #abort: LinkedAbort;
  #stopping: NodeJS.Timeout | undefined;
  #writtenBytes = 0;
  #failure: { readonly error: unknown } | undefined;

  /**
   * Begins the put.
   * @param expectedBytes about how large it will be
   */
  constructor(store: Store, key: string, spool: SpoolPlace, expectedBytes: number, signal: AbortSignal) {
    this.store = store;
    this.#queue = new SpooledQueue(spool);
    this.#abort = linkedAbort([signal]);
    this.#put = this.#run(key, expectedBytes);
  }

  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** Bytes that the store was too slow for, so that they went through the spool. */
  get spooledBytes(): number {
    return this.#queue.spooledBytes;
  }

  /** Takes the next piece, at once or when the spool has it. */
  async write(piece: Buffer): Promise<void> {
    this.#writtenBytes += piece.length;
    try {
      await this.#queue.write(piece);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** The last piece was written. Resolves when the store has all of it or has failed. */
  async end(): Promise<void> {
    this.#queue.end();
    await this.#put;
  }

  /** Nothing more comes, and what came is not to become an object. Resolves when the store has let go of it. */
  async fail(error: unknown): Promise<void> {
    this.#giveUp(error);
    await this.#put;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#put;
    clearTimeout(this.#stopping);
    this.#abort.release();
    await this.#queue[Symbol.asyncDispose]();
  }

  async #run(key: string, expectedBytes: number): Promise<void> {
    try {
      const { bytes } = await this.store.put(key, this.#queue.read(), { expectedBytes }, this.#abort.signal);
      if (bytes !== this.#writtenBytes) throw shorter(this.store.url, key, bytes, this.#writtenBytes);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /**
   * The body's error tells the store to clean up. One that is waiting for something else than the next piece would not hear of
   * it, so it is told to stop a little later.
   */
  #giveUp(error: unknown): void {
    this.#failure ??= { error };
    this.#queue.fail(error);
    this.#stopping ??= setTimeout(() => this.#abort.abort(error), STOP_AFTER_MS);
  }
}

function shorter(url: string, key: string, bytes: number, writtenBytes: number): StoreError {
  return new StoreError('STORE_DAMAGED', `${url} took ${bytes} of the ${writtenBytes} bytes of ${key}.`, {
    key,
    remedy: 'No manifest was written for it, so nobody takes it for a snapshot. Look at the store, then try again.',
  });
}
