import { setTimeout as sleep } from 'node:timers/promises';
import { untilAborted } from '../../../abort/until-aborted.ts';

/** What is being written or removed when a signal is aborted is tidied up within this, unless the file system hangs. */
const GRACE_MS = 1_000;

/** Calls of a file system that nobody waits for any more: that of a network may hang for ever, and each holds a thread. */
export class StillAtIt {
  #hanging = 0;

  /** How many have not come back although they were given up. */
  get hanging(): number {
    return this.#hanging;
  }

  /**
   * Waits for a call; once the signal is aborted, a moment longer, then rejects with its reason.
   * @param late gets what comes after that
   */
  async wait<T>(call: Promise<T>, signal: AbortSignal | undefined, late?: (value: T) => void): Promise<T> {
    if (signal === undefined) return await call;
    const done = new AbortController();
    let settled = false;
    const noted = call.finally(() => {
      settled = true;
      done.abort();
    });
    try {
      return await untilAborted(noted, signal);
    } catch (error) {
      if (settled || !signal.aborted) throw error;
      await sleep(GRACE_MS, undefined, { signal: done.signal }).catch(() => undefined);
      if (settled) return await call;
      this.#hanging += 1;
      call
        .then(late, () => undefined)
        .finally(() => {
          this.#hanging -= 1;
        });
      throw error;
    }
  }
}
