import { linkedAbort } from '../../abort/linked-abort.ts';
import { untilAborted } from '../../abort/until-aborted.ts';
import type { ByteRange, PutOptions, Store } from './store.ts';

/**
 * A place of a store that nothing is asked of before it has been claimed: a store that is away keeps nobody waiting who has
 * other ones, and it is still not written to where it belongs to somebody else. Each call claims first, until that has
 * succeeded once, and throws what claiming throws.
 */
export class ClaimedStore {
  readonly #claim: (signal: AbortSignal) => Promise<unknown>;
  #claiming: Promise<void> | undefined;
  #claimed = false;

  /** @param claim of `claimPlace`: may be called again after it has failed */
  constructor(claim: (signal: AbortSignal) => Promise<unknown>) {
    this.#claim = claim;
  }

  /** Claims the place unless that is done. Who does not wait any longer leaves it to others who do. */
  async claim(signal?: AbortSignal): Promise<void> {
    while (!this.#claimed) {
      const own = this.#claiming === undefined;
      this.#claiming ??= this.#attempt(signal);
      try {
        await untilAborted(this.#claiming, signal);
      } catch (error) {
        // An attempt that ended with the patience of whoever made it says nothing to others.
        if (own || signal?.aborted === true || !isAbort(error)) throw error;
      }
    }
  }

  /** The place, each call of which claims first. */
  of(place: Store): Store {
    return {
      ...place,
      get requests() {
        return place.requests;
      },
      put: async (key: string, body: Buffer | AsyncIterable<Buffer>, options?: PutOptions, signal?: AbortSignal) => {
        await this.claim(signal);
        return await place.put(key, body, options, signal);
      },
      get: (key: string, range?: ByteRange, signal?: AbortSignal) =>
        this.#after(() => place.get(key, range, signal), signal),
      head: async (key: string, signal?: AbortSignal) => {
        await this.claim(signal);
        return await place.head(key, signal);
      },
      list: (prefix: string, options?: { readonly after?: string }, signal?: AbortSignal) =>
        this.#after(() => place.list(prefix, options, signal), signal),
      remove: async (key: string, signal?: AbortSignal) => {
        await this.claim(signal);
        await place.remove(key, signal);
      },
      removeAbandoned: async (olderThanMs: number, signal?: AbortSignal, folder?: string) => {
        await this.claim(signal);
        return await place.removeAbandoned(olderThanMs, signal, folder);
      },
    };
  }

  async *#after<T>(read: () => AsyncIterable<T>, signal: AbortSignal | undefined): AsyncGenerator<T, void, undefined> {
    await this.claim(signal);
    yield* read();
  }

  async #attempt(signal: AbortSignal | undefined): Promise<void> {
    const link = linkedAbort([signal]);
    try {
      await this.#claim(link.signal);
      this.#claimed = true;
    } finally {
      link.release();
      this.#claiming = undefined;
    }
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}
