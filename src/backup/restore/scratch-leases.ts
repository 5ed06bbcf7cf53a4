import { EtcdError } from '../../etcd/errors.ts';
import { grantLeaseAs, type KeepAliveStream, leaseIds, openKeepAlives } from '../../etcd/lease-calls.ts';
import type { MemberClient } from '../../etcd/member-client.ts';
import type { LeaseGrant } from '../delta/revision-batch.ts';

/** How often it is looked which leases are due; the shortest TTL that etcd knows is a second. */
const LOOK_EVERY_MS = 100;
/** Four keepalives in a TTL: the scratch is busy, and may answer late. */
const KEEP_ALIVES_PER_TTL = 4;

/**
 * The leases of a scratch etcd, all kept alive from its start to its stop: one that expired would delete its keys in a
 * revision of its own, and every later one would be shifted. Grants are made ahead of the revisions that name them.
 */
export class ScratchLeases implements Disposable {
  readonly #client: MemberClient;
  readonly #signal: AbortSignal;
  readonly #stream: KeepAliveStream;
  /** When each lease is to be kept alive next, on the monotonic clock. */
  readonly #dueAtMs = new Map<bigint, number>();
  readonly #granting = new Map<bigint, Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #fault: unknown;

  private constructor(client: MemberClient, signal: AbortSignal, stream: KeepAliveStream) {
    this.#client = client;
    this.#signal = signal;
    this.#stream = stream;
    this.#timer = setInterval(() => this.#keepDue(), LOOK_EVERY_MS);
  }

  /** Finds all leases that there are and begins to keep them. Throws `EtcdError`. */
  static async start(client: MemberClient, signal: AbortSignal): Promise<ScratchLeases> {
    let leases: ScratchLeases | undefined;
    const stream = await openKeepAlives(
      client,
      (id, ttlSeconds) => {
        if (leases !== undefined) leases.#answered(id, ttlSeconds);
      },
      (error) => {
        if (leases !== undefined) leases.#fail(error);
      },
    );
    leases = new ScratchLeases(client, signal, stream);
    // The first answers tell the TTLs.
    for (const id of await leaseIds(client, signal)) leases.#dueAtMs.set(id, 0);
    leases.#keepDue();
    return leases;
  }

  /** How many there are. */
  get count(): number {
    return this.#dueAtMs.size;
  }

  /** Whether it is there, or is being granted. */
  has(id: bigint): boolean {
    return this.#dueAtMs.has(id) || this.#granting.has(id);
  }

  /** Grants a lease that is not there yet, with its own id. Does not wait: `ready` does. */
  grant(grant: LeaseGrant): void {
    if (this.has(grant.id)) return;
    const granted = this.#grant(grant);
    // Who needs it hears of it from `ready`.
    granted.catch(() => undefined);
    this.#granting.set(grant.id, granted);
  }

  /** Undefined where the lease is there; else settles when it is. Throws what the grant failed with. */
  ready(id: bigint): Promise<void> | undefined {
    return this.#granting.get(id);
  }

  /** Throws where a lease has expired or cannot be kept: what is replayed from now on would get wrong revisions. */
  check(): void {
    if (this.#fault !== undefined) throw this.#fault;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#stream.close();
  }

  async #grant(grant: LeaseGrant): Promise<void> {
    const asked = { id: grant.id, ttlSeconds: Math.max(1, grant.ttlSeconds) };
    this.#answered(grant.id, await grantLeaseAs(this.#client, asked, this.#signal));
    this.#granting.delete(grant.id);
  }

  #keepDue(): void {
    const nowMs = performance.now();
    for (const [id, dueAtMs] of this.#dueAtMs) {
      if (dueAtMs > nowMs) continue;
      this.#stream.keep(id);
      // Asked again soon unless the answer says otherwise.
      this.#dueAtMs.set(id, nowMs + 1000 / KEEP_ALIVES_PER_TTL);
    }
  }

  #answered(id: bigint, ttlSeconds: number): void {
    if (ttlSeconds <= 0) {
      this.#fail(new Error(`lease ${id.toString(16)} has expired`));
      return;
    }
    this.#dueAtMs.set(id, performance.now() + (ttlSeconds * 1000) / KEEP_ALIVES_PER_TTL);
  }

  #fail(cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.#fault ??= new EtcdError('ETCD_LEASE_LOST', `The leases of the scratch etcd could not be kept: ${reason}`, {
      remedy: 'Restore again, on a machine with more free CPU: a lease expired before it could be kept alive.',
      cause,
    });
  }
}
