import type { LeaseGrant } from '../delta/revision-batch.ts';
import type { ScratchLeases } from './scratch-leases.ts';

/** Of a lease that was gone when it was asked for: the shortest that etcd knows. */
const GONE_SECONDS = 1;
/** Of a lease that nobody could be asked about: rather too long than that what is under it goes before its owner is back. */
const UNKNOWN_SECONDS = 3600;

/** How long leases had been granted for by records that come later; the first one of each that says more than 0 seconds. */
export type LaterTerms = () => Promise<ReadonlyMap<bigint, number>>;

/**
 * The leases that a replay needs, each granted once, since it cannot be granted again for another time: as its records say, where
 * need be those that come later.
 */
export class ReplayedLeases {
  readonly #leases: ScratchLeases;
  readonly #later: () => Promise<ReadonlyMap<bigint, number>>;
  readonly #gone = new Set<bigint>();
  #unknown = 0;

  constructor(leases: ScratchLeases, later: LaterTerms = () => Promise.resolve(new Map())) {
    this.#leases = leases;
    this.#later = later;
  }

  /** How many there were of which no record says for how long. */
  get unknown(): number {
    return this.#unknown;
  }

  /** Takes a record in; does not wait. */
  take(grant: LeaseGrant): void {
    if (grant.ttlSeconds > 0) this.#leases.grant(grant);
    else this.#gone.add(grant.id);
  }

  /** Undefined where the lease is there; else settles when it is. Throws what the grant fails with, or reading later records. */
  ready(id: bigint): Promise<void> | undefined {
    return this.#leases.has(id) ? this.#leases.ready(id) : this.#grantAfterAll(id);
  }

  async #grantAfterAll(id: bigint): Promise<void> {
    let ttlSeconds = (await this.#later()).get(id);
    if (ttlSeconds === undefined && this.#gone.has(id)) ttlSeconds = GONE_SECONDS;
    if (ttlSeconds === undefined) {
      this.#unknown += 1;
      ttlSeconds = UNKNOWN_SECONDS;
    }
    this.#leases.grant({ id, ttlSeconds });
    await this.#leases.ready(id);
  }
}
