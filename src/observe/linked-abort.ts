/** A controller that follows a parent signal until it is released. */
export interface LinkedAbort {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
  /** Forgets the parent. Without this a long-lived parent would keep one listener for every round. */
  release(): void;
}

/**
 * A child of `parent`. `AbortSignal.any` does the same, but a parent that lives as long as the agent then gathers the
 * bookkeeping of every round; here it is let go of by hand.
 */
export function linkedAbort(parent: AbortSignal): LinkedAbort {
  const controller = new AbortController();
  const follow = (): void => controller.abort(parent.reason);
  if (parent.aborted) {
    follow();
  } else {
    parent.addEventListener('abort', follow, { once: true });
  }
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: () => parent.removeEventListener('abort', follow),
  };
}
