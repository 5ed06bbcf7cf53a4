/**
 * Wakes whoever waits when there is something new to look at. News that come while nobody waits are not lost, and several
 * are one.
 */
export class News {
  #waiting: (() => void) | undefined;
  #pending = false;

  /** There is something new. */
  tell(): void {
    this.#pending = true;
    this.#waiting?.();
  }

  /** Comes back at the next news, after `timeoutMs`, or when the signal ends; never rejects. */
  async next(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (!this.#pending && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, timeoutMs);
      const end = (): void => resolve();
      signal.addEventListener('abort', end, { once: true });
      this.#waiting = resolve;
      await promise;
      this.#waiting = undefined;
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
    }
    this.#pending = false;
  }
}
