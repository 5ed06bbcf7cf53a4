import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_MS = 200;
const MAX_MS = 5000;

/** Waits that grow: 0.2 s, doubled each time up to 5 s. */
export class Backoff {
  #nextMs = FIRST_MS;

  /** Waits, or until the signal ends; never rejects. */
  async wait(signal: AbortSignal): Promise<void> {
    await sleep(this.#nextMs, undefined, { signal }).catch(() => undefined);
    this.#nextMs = Math.min(MAX_MS, this.#nextMs * 2);
  }

  /** The next wait is short again. */
  reset(): void {
    this.#nextMs = FIRST_MS;
  }
}
