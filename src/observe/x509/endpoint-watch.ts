import { atMost } from '../at-most.ts';
import { type ReadEndpointsOptions, readEndpoints, type ServedEndpoint } from './read-endpoints.ts';
import type { ReadUses } from './read-uses.ts';

export interface EndpointWatchOptions extends Omit<ReadEndpointsOptions, 'signal'> {
  /** How long what was read holds. */
  readonly everyMs: number;
  /** How long a caller waits for a reading under way before it gets the one from before. */
  readonly waitMs: number;
}

/**
 * What endpoints serve, read again now and then, and at once when what it depends on has changed. An endpoint that
 * hangs takes its whole timeout; the reading goes on in the background then, and delays nobody.
 */
export class EndpointWatch {
  readonly #options: EndpointWatchOptions;
  readonly #stop = new AbortController();
  #newest: ReadUses = { found: [], findings: [] };
  #basis: string | undefined;
  #startedMs = Number.NEGATIVE_INFINITY;
  #underWay: Promise<void> | undefined;

  constructor(options: EndpointWatchOptions) {
    this.#options = options;
  }

  /** @param basis what the reading depends on besides the endpoints; when it changes, they are read again. */
  async read(endpoints: readonly ServedEndpoint[], basis: string): Promise<ReadUses> {
    const { everyMs, waitMs } = this.#options;
    const wanted = JSON.stringify([endpoints, basis]);
    const isDue = wanted !== this.#basis || performance.now() - this.#startedMs >= everyMs;
    if (isDue && this.#underWay === undefined && !this.#stop.signal.aborted) {
      this.#basis = wanted;
      this.#startedMs = performance.now();
      this.#underWay = this.#refresh(endpoints).finally(() => {
        this.#underWay = undefined;
      });
    }
    if (this.#underWay !== undefined) {
      await atMost(waitMs, this.#underWay);
    }
    return this.#newest;
  }

  /** Ends the reading under way. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#underWay;
  }

  async #refresh(endpoints: readonly ServedEndpoint[]): Promise<void> {
    const { signal } = this.#stop;
    try {
      this.#newest = await readEndpoints(endpoints, { ...this.#options, signal });
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
    }
  }
}
