import { lowest } from '../../../src/backup/revisions.ts';
import { grantLeaseAs } from '../../../src/etcd/lease-calls.ts';
import { compact } from '../../../src/etcd/maintenance-calls.ts';
import type { MemberClient } from '../../../src/etcd/member-client.ts';
import type { TxnChange } from '../../../src/etcd/txn.ts';

/** A source of numbers that gives the same ones for the same seed. */
export function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

export interface LifeOptions {
  readonly compactions: boolean;
  /** Of the leases that it grants; default 1000. Several lives in one etcd need ids of their own. */
  readonly firstLease?: bigint;
  /** Nothing after this is compacted away; default: anything may be. */
  readonly compactUpTo?: () => bigint;
}

/** What lives in an etcd: puts, deletions of keys and ranges, transactions, leases that are revoked or expire, compactions. */
export class RandomLife {
  readonly ttls = new Map<bigint, number>();
  readonly #client: MemberClient;
  readonly #random: (below: number) => number;
  /** Those that have not been revoked; some may have expired. */
  readonly #leases: bigint[] = [];
  readonly #options: LifeOptions;
  #nextLease: bigint;

  constructor(client: MemberClient, random: (below: number) => number, options: LifeOptions) {
    this.#client = client;
    this.#random = random;
    this.#options = options;
    this.#nextLease = options.firstLease ?? 1000n;
  }

  async step(): Promise<void> {
    const choice = this.#random(100);
    if (choice < 50) await this.#put();
    else if (choice < 62) await this.#client.deleteRange(this.#key());
    else if (choice < 66) await this.#deleteRange();
    else if (choice < 85) await this.#txn();
    else if (choice < 92) await this.#grant();
    else if (choice < 96) await this.#revoke();
    else if (this.#options.compactions) await this.#compact();
  }

  #key(): Buffer {
    return Buffer.from(`/k/${this.#random(60)}`);
  }

  #value(): Buffer {
    const bytes = this.#random(20) === 0 ? 20_000 : this.#random(200);
    return Buffer.alloc(bytes, this.#random(256));
  }

  async #put(): Promise<void> {
    await this.#change([this.#putOf(this.#key())]);
  }

  #putOf(put: Buffer): TxnChange {
    const lease = this.#random(4) === 0 ? this.#leases[this.#random(this.#leases.length + 1)] : undefined;
    return { put, value: this.#value(), ...(lease === undefined ? {} : { lease }) };
  }

  async #deleteRange(): Promise<void> {
    const from = this.#random(60);
    await this.#client.deleteRange(Buffer.from(`/k/${from}`), Buffer.from(`/k/${from + 3}`));
  }

  async #txn(): Promise<void> {
    const keys = new Map(
      Array.from({ length: 1 + this.#random(12) }, () => this.#key()).map((key) => [String(key), key]),
    );
    await this.#change([...keys.values()].map((key) => (this.#random(3) === 0 ? { delete: key } : this.#putOf(key))));
  }

  /** Where a lease has expired meanwhile, nothing is changed. */
  async #change(changes: readonly TxnChange[]): Promise<void> {
    await this.#client.txn({ compare: [], changes }).catch((error: unknown) => {
      if (!String(error).includes('lease not found')) throw error;
    });
  }

  async #grant(): Promise<void> {
    const id = this.#nextLease++;
    const ttlSeconds = [2, 3, 60, 3600][this.#random(4)] ?? 60;
    this.ttls.set(id, await grantLeaseAs(this.#client, { id, ttlSeconds }));
    this.#leases.push(id);
    await this.#change([{ put: this.#key(), value: this.#value(), lease: id }]);
  }

  async #revoke(): Promise<void> {
    const [id] = this.#leases.splice(this.#random(this.#leases.length + 1), 1);
    if (id === undefined) return;
    await this.#client.revokeLease(id).catch((error: unknown) => {
      if (!String(error).includes('lease not found')) throw error;
    });
  }

  async #compact(): Promise<void> {
    const { header } = await this.#client.range({ key: Buffer.from('x') });
    const back = BigInt(this.#random(30) + 1);
    const revision = lowest([header.revision - back, this.#options.compactUpTo?.() ?? header.revision]) ?? 0n;
    await compact(this.#client, revision > 0n ? revision : 1n).catch(() => undefined);
  }
}
