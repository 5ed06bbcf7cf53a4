import type { MemberClient } from '../../../etcd/member-client.ts';
import { PATIENCE, patiently } from './patience.ts';

/**
 * Leases in the live cluster in place of those that keys were under: one for each, with the TTL that it had been granted for.
 * Who owned it knows nothing of it, so that the keys go once it has run out, as they would have; without a lease they would
 * stay for ever, and a lock or a registration with them.
 */
export class LeasesAgain {
  readonly #then: Pick<MemberClient, 'leaseTimes'>;
  readonly #now: Pick<MemberClient, 'grantLease'>;
  readonly #granted = new Map<bigint, bigint | undefined>();

  /** @param then the scratch etcd, @param now the live cluster */
  constructor(then: Pick<MemberClient, 'leaseTimes'>, now: Pick<MemberClient, 'grantLease'>) {
    this.#then = then;
    this.#now = now;
  }

  /** Undefined where nothing is known of it. A grant whose answer is lost ends by itself. Throws `EtcdError`. */
  async leaseFor(lease: bigint, signal: AbortSignal): Promise<bigint | undefined> {
    if (this.#granted.has(lease)) return this.#granted.get(lease);
    const { grantedTtlSeconds } = await this.#then.leaseTimes(lease, signal);
    const granted =
      grantedTtlSeconds <= 0
        ? undefined
        : (await patiently(() => this.#now.grantLease(grantedTtlSeconds, signal), PATIENCE, signal)).id;
    this.#granted.set(lease, granted);
    return granted;
  }
}
