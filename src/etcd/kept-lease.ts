import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../abort/linked-abort.ts';
import { EtcdError } from './errors.ts';
import type { MemberClient } from './member-client.ts';

export interface LeaseOptions {
  /** What is asked of etcd, in whole seconds; etcd raises it to its own minimum (about 1.5 election timeouts). */
  readonly ttlSeconds: number;
  /** The lease counts as lost so long before etcd could let it go; default a tenth of the TTL, at least 100 ms. */
  readonly marginMs?: number;
}

const KEEP_ALIVES_PER_TTL = 3;
const SHORTEST_MARGIN_MS = 100;

/**
 * A lease that is kept alive and, above all, known to be lost in time. The holder trusts only its own monotonic clock: the
 * deadline counts from the moment a successful keepalive was *sent*, so it always comes before etcd's own expiry, however
 * long the answer took and whatever the network does. `etcd3`'s own lease said "lost" 3 s after etcd had let a 3 s lease go.
 */
export class KeptLease implements AsyncDisposable {
  /** As etcd has it. */
  readonly id: bigint;
  readonly #client: MemberClient;
  readonly #marginMs: number;
  readonly #lost = new AbortController();
  readonly #closing = new AbortController();
  readonly #keeping: Promise<void>;
  #ttlMs: number;
  #deadlineMs: number;
  #alarm: NodeJS.Timeout | undefined;

  private constructor(client: MemberClient, id: bigint, ttlSeconds: number, sentAtMs: number, options: LeaseOptions) {
    this.id = id;
    this.#client = client;
    this.#marginMs = options.marginMs ?? Math.max(SHORTEST_MARGIN_MS, ttlSeconds * 100);
    this.#ttlMs = ttlSeconds * 1000;
    this.#deadlineMs = 0;
    this.#extend(sentAtMs, ttlSeconds);
    this.#keeping = this.#keep();
  }

  /** Takes a lease and keeps it until it is closed or lost. Throws `EtcdError`; the grant is asked for once. */
  static async grant(client: MemberClient, options: LeaseOptions, signal?: AbortSignal): Promise<KeptLease> {
    const sentAtMs = performance.now();
    const { id, ttlSeconds } = await client.grantLease(options.ttlSeconds, signal);
    return new KeptLease(client, id, ttlSeconds, sentAtMs, options);
  }

  /** Whether it is still held: looks at the clock, so it is right also after the process has been stopped for a while. */
  get held(): boolean {
    return !this.#lost.signal.aborted && performance.now() < this.#deadlineMs;
  }

  /** Milliseconds until it counts as lost, unless a keepalive succeeds. */
  get remainingMs(): number {
    return this.held ? this.#deadlineMs - performance.now() : 0;
  }

  /** Aborted when the lease is lost; never when it is closed. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Stops keeping it and gives it back, as far as etcd can be reached. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    clearTimeout(this.#alarm);
    await this.#keeping;
    // Where etcd cannot be reached it lets the lease go by itself.
    await this.#client.revokeLease(this.id).catch(() => undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #keep(): Promise<void> {
    await within([this.#closing.signal, this.#lost.signal], undefined, async (signal) => {
      while (!signal.aborted) {
        const pauseMs = this.#ttlMs / KEEP_ALIVES_PER_TTL;
        await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
        if (!signal.aborted) await this.#keepOnce(signal, pauseMs);
      }
    });
  }

  /** A failed keepalive is not the end: the deadline is. */
  async #keepOnce(signal: AbortSignal, timeoutMs: number): Promise<void> {
    const sentAtMs = performance.now();
    try {
      const ttlSeconds = await within([signal], timeoutMs, (until) => this.#client.keepLeaseAlive(this.id, until));
      if (ttlSeconds <= 0) this.#lose('etcd has let it go');
      else if (this.held) this.#extend(sentAtMs, ttlSeconds);
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
    }
  }

  #extend(sentAtMs: number, ttlSeconds: number): void {
    this.#ttlMs = ttlSeconds * 1000;
    this.#deadlineMs = sentAtMs + this.#ttlMs - this.#marginMs;
    clearTimeout(this.#alarm);
    const inMs = this.#deadlineMs - performance.now();
    this.#alarm = setTimeout(() => this.#lose('no keepalive was answered in time'), Math.max(0, inMs));
  }

  #lose(reason: string): void {
    clearTimeout(this.#alarm);
    const message = `Lease ${this.id.toString(16)} on member ${this.#client.member} is lost: ${reason}`;
    this.#lost.abort(new EtcdError('ETCD_LEASE_LOST', message, { member: this.#client.member }));
  }
}
