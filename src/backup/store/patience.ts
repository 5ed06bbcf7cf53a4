import { setTimeout as sleep } from 'node:timers/promises';

/** A request that failed in a way that may pass, and when it is tried again. */
export interface Trouble {
  /** `put full/x.json` */
  readonly what: string;
  readonly error: unknown;
  /** How often in a row it has failed by now. */
  readonly failures: number;
  readonly waitMs: number;
}

/** How long something is tried again, and how. */
export interface Patience {
  /** Counted from the first failure in a row, by a clock that does not jump. */
  readonly forMs: number;
  readonly firstWaitMs?: number;
  readonly longestWaitMs?: number;
  /** Told before each wait: whoever waits for an hour should be seen to. Must not throw. */
  readonly onTrouble?: (trouble: Trouble) => void;
}

/** Whether an error is worth another attempt, after so many failures in a row. */
export type MayPass = (error: unknown, failures: number) => boolean;

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 20_000;

/** Attempts of one thing: how often in a row they have failed, and how long the next one waits. */
export class Attempts {
  readonly #what: string;
  readonly #patience: Patience;
  readonly #mayPass: MayPass;
  #failures = 0;
  #firstFailureMs = 0;

  constructor(what: string, patience: Patience, mayPass: MayPass) {
    this.#what = what;
    this.#patience = patience;
    this.#mayPass = mayPass;
  }

  /** Some of it has been done: patience begins anew. */
  progressed(): void {
    this.#failures = 0;
  }

  /**
   * Waits before the next attempt; throws the error where there is none: it fails for good, or patience has ended. Waits
   * double, with a random share, so that all agents do not come back at the same moment.
   */
  async failed(error: unknown, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#failures += 1;
    const failures = this.#failures;
    if (!this.#mayPass(error, failures)) throw error;
    const { forMs, firstWaitMs = FIRST_WAIT_MS, longestWaitMs = LONGEST_WAIT_MS, onTrouble } = this.#patience;
    const nowMs = performance.now();
    if (failures === 1) this.#firstFailureMs = nowMs;
    const leftMs = this.#firstFailureMs + forMs - nowMs;
    if (leftMs <= 0) throw error;
    const fullMs = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(failures - 1, 30));
    // The last attempt is made when patience ends, not long before.
    const waitMs = Math.min(leftMs, fullMs * (0.5 + Math.random() / 2));
    onTrouble?.({ what: this.#what, error, failures, waitMs });
    await pause(waitMs, signal);
  }
}

/** Waits; rejects with the signal's own reason. */
export async function pause(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(waitMs, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** Tries until it succeeds, fails for good, or patience has ended: then throws the last error. */
export async function patiently<T>(
  what: string,
  attempt: () => Promise<T>,
  mayPass: MayPass,
  patience: Patience,
  signal?: AbortSignal,
): Promise<T> {
  const attempts = new Attempts(what, patience, mayPass);
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      await attempts.failed(error, signal);
    }
  }
}
