import { setTimeout as sleep } from 'node:timers/promises';
import type { LeaseTimes } from '../../etcd/wire/lease.ts';

/** How long an answer is believed: whoever chooses lease ids may grant the same one again for another time. */
const BELIEVED_MS = 60_000;
const REMEMBERED = 100_000;
const ATTEMPTS = 5;
const PAUSE_MS = 200;
const LANES = 8;

/** The one call that this needs. */
export interface LeaseClient {
  leaseTimes(id: bigint, signal?: AbortSignal): Promise<LeaseTimes>;
}

/** Asks for how long leases were granted, each at first sight and then once a minute at most. */
export class LeaseTerms {
  readonly #client: LeaseClient;
  readonly #answers = new Map<bigint, { readonly ttlSeconds: Promise<number | undefined>; readonly untilMs: number }>();
  /** Calls wait for the one before them in their lane: a member is not to be flooded by a burst of leases. */
  readonly #lanes: Promise<unknown>[] = Array.from({ length: LANES }, () => Promise.resolve());

  constructor(client: LeaseClient) {
    this.#client = client;
  }

  /** Seconds that a lease was granted for; 0 where it is gone, undefined where nobody could say. Never rejects. */
  ttlSeconds(id: bigint, signal: AbortSignal): Promise<number | undefined> {
    const known = this.#answers.get(id);
    if (known !== undefined && known.untilMs > performance.now()) return known.ttlSeconds;
    const lane = Number(BigInt.asUintN(32, id)) % LANES;
    const ttlSeconds = this.#ask(id, signal, this.#lanes[lane]);
    this.#lanes[lane] = ttlSeconds;
    this.#answers.delete(id);
    this.#answers.set(id, { ttlSeconds, untilMs: performance.now() + BELIEVED_MS });
    if (this.#answers.size > REMEMBERED) {
      const [oldest] = this.#answers.keys();
      if (oldest !== undefined) this.#answers.delete(oldest);
    }
    return ttlSeconds;
  }

  async #ask(id: bigint, signal: AbortSignal, before: Promise<unknown> | undefined): Promise<number | undefined> {
    await before;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        const { grantedTtlSeconds } = await this.#client.leaseTimes(id, signal);
        return grantedTtlSeconds;
      } catch {
        if (attempt === ATTEMPTS) break;
        await sleep(PAUSE_MS * attempt, undefined, { signal }).catch(() => undefined);
      }
    }
    this.#answers.delete(id);
    return undefined;
  }
}
