import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_MS = 100;
const MAX_MS = 10_000;

/** Pauses between attempts, each twice as long as the one before it. */
export class BackOff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  #nextMs: number;

  constructor(firstMs: number = FIRST_MS, maxMs: number = MAX_MS) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
    this.#nextMs = firstMs;
  }

  /** The next pause is the first one again. */
  reset(): void {
    this.#nextMs = this.#firstMs;
  }

  /** Waits, at most until the signal is aborted. */
  async pause(signal: AbortSignal): Promise<void> {
    const ms = this.#nextMs;
    this.#nextMs = Math.min(ms * 2, this.#maxMs);
    await sleep(ms, undefined, { signal }).catch(() => undefined);
  }
}
