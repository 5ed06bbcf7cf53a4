import { untilAborted } from '../../abort/until-aborted.ts';

/** Wakes whoever waits. What it means is looked at again by those who wake: it carries nothing. */
export class Bell {
  #next = Promise.withResolvers<void>();

  /** Wakes everybody who waits now. */
  ring(): void {
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }

  /** Waits for the next ring, and no longer than `maxMs` where that is given. Rejects with the signal's reason. */
  async wait(signal: AbortSignal, maxMs?: number): Promise<void> {
    const rung = this.#next;
    if (maxMs === undefined) return untilAborted(rung.promise, signal);
    const timeUp = Promise.withResolvers<void>();
    const timer = setTimeout(timeUp.resolve, maxMs);
    try {
      await untilAborted(Promise.race([rung.promise, timeUp.promise]), signal);
    } finally {
      clearTimeout(timer);
    }
  }
}
