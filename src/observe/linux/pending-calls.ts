/** Calls that may never come back, such as a `statfs` on a hung disk: one at a time for each key. */
export interface PendingCalls {
  /**
   * Runs `begin`, or waits for the call of the same key that is already under way: a disk that hangs costs one thread,
   * however often it is asked. Rejects with the signal's reason when it aborts; the call itself stays under way.
   */
  readonly run: <T>(key: string, begin: () => Promise<T>, signal: AbortSignal) => Promise<T>;
  /** Seconds for which the oldest call under way has waited, 0 when there is none. */
  readonly oldestSeconds: () => number;
}

/** A new, empty set of calls under way. A key must always stand for the same result type. */
export function pendingCalls(): PendingCalls {
  const underWay = new Map<string, { readonly result: Promise<unknown>; readonly startedAtMs: number }>();

  return {
    run: async <T>(key: string, begin: () => Promise<T>, signal: AbortSignal): Promise<T> => {
      signal.throwIfAborted();
      let call = underWay.get(key);
      if (call === undefined) {
        const result = begin().finally(() => underWay.delete(key));
        // The caller may have gone when it fails: its own wait has told it so.
        result.catch(() => undefined);
        call = { result, startedAtMs: performance.now() };
        underWay.set(key, call);
      }
      return (await abortable(call.result, signal)) as T;
    },
    oldestSeconds: () => {
      let oldest = Number.POSITIVE_INFINITY;
      for (const { startedAtMs } of underWay.values()) oldest = Math.min(oldest, startedAtMs);
      return oldest === Number.POSITIVE_INFINITY ? 0 : (performance.now() - oldest) / 1000;
    },
  };
}

/** The promise's outcome, or the signal's reason if that comes first. Leaves no listener on the signal. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
