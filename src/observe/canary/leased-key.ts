import { createHash } from 'node:crypto';
import { within } from '../../abort/linked-abort.ts';
import type { MemberClient } from '../../etcd/member-client.ts';

/** What a canary needs of the client. */
export type CanaryClient = Pick<
  MemberClient,
  'linearizableRead' | 'txn' | 'grantLease' | 'keepLeaseAlive' | 'revokeLease' | 'close'
>;

/** A lease is granted for so many times the pause between two writes; it is kept alive with each of them. */
const PAUSES_PER_TTL = 3;
/** Below so many a lease is changed for a longer one: the pause has grown with the cluster. */
const FEWEST_PAUSES_PER_TTL = 1.5;

/**
 * One key under one lease, whose id follows from the key: an agent that starts again, or did not hear that the lease was
 * granted, finds that very one, so that there is never a second. It costs no call between two writes, and what a killed
 * agent leaves goes with the lease.
 */
export class LeasedKey {
  readonly #client: CanaryClient;
  #key: Buffer | undefined;

  constructor(client: CanaryClient) {
    this.#client = client;
  }

  /** Sees to it that there is the lease, and gives the put that is to be timed. Throws `EtcdError`. */
  async ready(key: Buffer, pauseMs: number, signal: AbortSignal): Promise<(signal: AbortSignal) => Promise<unknown>> {
    if (this.#key?.equals(key) === false) await this.#giveBack(signal);
    this.#key = key;
    const id = leaseIdOf(key);
    const leftMs = 1000 * (await this.#client.keepLeaseAlive(id, signal));
    if (leftMs < pauseMs * FEWEST_PAUSES_PER_TTL) {
      if (leftMs > 0) await this.#client.revokeLease(id, signal);
      await this.#client.grantLease(Math.ceil((pauseMs * PAUSES_PER_TTL) / 1000), signal, id);
    }
    const changes = [{ put: key, value: Buffer.from('canary'), lease: id }];
    return (until) => this.#client.txn({ compare: [], changes }, until);
  }

  /** Gives the lease back, and with it the key, as far as etcd answers within `timeoutMs`; never rejects. */
  async close(timeoutMs: number): Promise<void> {
    await within([], timeoutMs, (until) => this.#giveBack(until)).catch(() => undefined);
  }

  async #giveBack(signal: AbortSignal): Promise<void> {
    const key = this.#key;
    this.#key = undefined;
    if (key !== undefined) await this.#client.revokeLease(leaseIdOf(key), signal);
  }
}

/** 62 bits of the key's hash: positive, and as good as never another's, since etcd's own ids are as scattered. */
export function leaseIdOf(key: Buffer): bigint {
  return (createHash('sha256').update('canary ').update(key).digest().readBigUInt64BE() >> 2n) | 1n;
}
