import { setTimeout as sleep } from 'node:timers/promises';
import { BareEtcdClient, putMessage } from '../bare-etcd-client.ts';

/** Longer than etcd's own limit for a request: what fails is what etcd refuses. */
const ATTEMPT_TIMEOUT_MS = 8000;
const RETRY_PAUSE_MS = 20;
const MOST_ATTEMPTS = 20;
const TICK_MS = 5;
const KEYS = 1000;
const VALUE_BYTES = 256;

/** One write: when it was to be sent and when it was acknowledged, in ms since 1970; never acknowledged: all attempts failed. */
export interface RetriedWrite {
  readonly intendedAtMs: number;
  readonly endedAtMs: number;
  readonly attempts: number;
  readonly acknowledged: boolean;
}

/**
 * Writes at fixed times, whether or not earlier ones have been answered, as a client with all endpoints does: one that fails goes to the next member.
 * Whoever starts it ends it.
 */
export class RetryingWrites {
  readonly #clients: readonly BareEtcdClient[];
  readonly #stop = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  readonly #writes: RetriedWrite[] = [];
  readonly #running: Promise<void>;

  constructor(endpoints: readonly string[], perSecond: number) {
    this.#clients = endpoints.map((endpoint) => new BareEtcdClient(endpoint, ATTEMPT_TIMEOUT_MS));
    this.#running = this.#run(perSecond);
  }

  /** Ends it, and gives all writes in the order in which they ended. */
  async end(): Promise<readonly RetriedWrite[]> {
    this.#stop.abort();
    await this.#running;
    await Promise.all(this.#underWay);
    for (const client of this.#clients) client.close();
    return this.#writes;
  }

  async #run(perSecond: number): Promise<void> {
    const { signal } = this.#stop;
    const [begunMs, begunAtMs] = [performance.now(), Date.now()];
    for (let next = 0; !signal.aborted; ) {
      const due = Math.floor(((performance.now() - begunMs) / 1000) * perSecond);
      for (; next < due; next += 1) {
        const writing = this.#write(next, begunAtMs + (next / perSecond) * 1000).finally(() =>
          this.#underWay.delete(writing),
        );
        this.#underWay.add(writing);
      }
      await sleep(TICK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #write(number: number, intendedAtMs: number): Promise<void> {
    const message = putMessage(Buffer.from(`/load/${number % KEYS}`), Buffer.alloc(VALUE_BYTES, 'v'));
    let attempts = 0;
    let acknowledged = false;
    while (!acknowledged && attempts < MOST_ATTEMPTS) {
      const client = this.#clients[(number + attempts) % this.#clients.length];
      attempts += 1;
      acknowledged =
        (await client?.put(message).then(
          () => true,
          () => false,
        )) === true;
      if (!acknowledged) await sleep(RETRY_PAUSE_MS);
    }
    this.#writes.push({ intendedAtMs, endedAtMs: Date.now(), attempts, acknowledged });
  }
}
