/** Releases one resource. */
export type Release = () => void | Promise<void>;

/**
 * Everything that the agent has opened, released in reverse order: what was built last may stand on what was built
 * before it. The idea is graphile/worker's.
 */
export class Releasers {
  readonly #stack: { readonly what: string; readonly release: Release }[] = [];

  /** Remembers how to release a resource that has just been made. */
  push(what: string, release: Release): void {
    this.#stack.push({ what, release });
  }

  /** Releases all of it; one that fails or takes longer than `timeoutMs` does not keep the others. */
  async releaseAll(options: {
    readonly timeoutMs: number;
    readonly onFault: (what: string, error: unknown) => void;
  }): Promise<void> {
    for (let entry = this.#stack.pop(); entry !== undefined; entry = this.#stack.pop()) {
      const { what, release } = entry;
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(
        () => late.reject(new Error(`not released within ${options.timeoutMs} ms`)),
        options.timeoutMs,
      );
      try {
        await Promise.race([Promise.resolve().then(release), late.promise]);
      } catch (error) {
        options.onFault(what, error);
      } finally {
        clearTimeout(timer);
      }
    }
  }
}
