import type { PromiseView } from '../../cluster/recovery.ts';

/** How long one that another agent has begun may stand still, once nobody that is heard leads it any more. */
const STANDSTILL_MS = 15_000;
/**
 * The same while somebody says that it leads it: a step may well take longer. Where it is led by two, nothing is done twice: what is done is passed
 * over, and what is under way is waited for; but what fails for one of them alone ends it for both.
 */
const LED_STANDSTILL_MS = 60_000;

/** For how long what was promised here has not come on: whoever led it may have died. Times are monotonic. */
export class Standstill {
  #still: { readonly steps: string; readonly sinceMs: number } | undefined;

  /** Takes in the promise as it is now; gives whether it has not come on for so long that another agent may go on with it. */
  look(promise: PromiseView | undefined, nowMs: number): boolean {
    if (promise === undefined || promise.endedAtMs !== undefined) {
      this.#still = undefined;
      return false;
    }
    const steps = JSON.stringify([promise.planId, promise.steps]);
    if (this.#still?.steps !== steps) this.#still = { steps, sinceMs: nowMs };
    return this.#forMs(nowMs) >= STANDSTILL_MS;
  }

  /** Whether it has stood so long that this holds even where somebody says that it leads it. */
  isLong(nowMs: number): boolean {
    return this.#forMs(nowMs) >= LED_STANDSTILL_MS;
  }

  #forMs(nowMs: number): number {
    return this.#still === undefined ? 0 : nowMs - this.#still.sinceMs;
  }
}
