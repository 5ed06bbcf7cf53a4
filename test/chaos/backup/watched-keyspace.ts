import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MemberClient } from '../../../src/etcd/member-client.ts';
import type { WatchEvent } from '../../../src/etcd/types.ts';
import { everything } from '../../backup/restore/observed-history.ts';

/** One key at one time. */
interface KeyState {
  readonly text: string;
  readonly lease: bigint;
}

interface Revision {
  readonly revision: bigint;
  /** When the last of it was seen, wall clock. */
  readonly seenAtMs: number;
  readonly changes: readonly { readonly key: string; readonly state: KeyState | undefined }[];
}

/**
 * The whole history of a keyspace, from the first revision on, as somebody saw it who has nothing to do with backups: a
 * watch through one member after the other, whichever is there.
 */
export class WatchedKeyspace implements AsyncDisposable {
  readonly #clients: readonly MemberClient[];
  readonly #stop = new AbortController();
  readonly #revisions: Revision[] = [];
  /** Perhaps more of it is to come. */
  #open: Revision | undefined;
  readonly #watching: Promise<void>;

  constructor(clients: readonly MemberClient[]) {
    this.#clients = clients;
    this.#watching = this.#watchAll();
  }

  /** The last revision that is known whole; etcd begins at 1, at which nothing is. */
  get lastRevision(): bigint {
    return this.#revisions.at(-1)?.revision ?? 1n;
  }

  /** The first revision with a change in it. */
  get firstRevision(): bigint {
    return this.#revisions[0]?.revision ?? 1n;
  }

  /** Waits until all up to this revision is known. */
  async until(revision: bigint): Promise<void> {
    while (this.lastRevision < revision) await sleep(20);
  }

  /** Nothing more is seen after this. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  /** The keyspace as it was at a revision, as `keyspaceAt` tells it. */
  at(revision: bigint): readonly string[] {
    return [...this.#stateAt(revision)].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, { text }]) => text);
  }

  /** Leases that keys hang on at a revision. */
  leasesAt(revision: bigint): ReadonlySet<bigint> {
    const leases = [...this.#stateAt(revision).values()].map(({ lease }) => lease);
    return new Set(leases.filter((lease) => lease !== 0n));
  }

  /** The last revision that had been seen by then, wall clock. */
  seenBy(atMs: number): bigint {
    return this.#revisions.findLast(({ seenAtMs }) => seenAtMs <= atMs)?.revision ?? 1n;
  }

  /** When a revision was seen, wall clock. */
  seenAtMs(revision: bigint): number {
    return this.#revisions.find((each) => each.revision === revision)?.seenAtMs ?? 0;
  }

  /** Of each key that was ever deleted up to a revision, where that was done last. */
  deletionsUpTo(revision: bigint): ReadonlyMap<string, bigint> {
    const deletions = new Map<string, bigint>();
    for (const { revision: at, changes } of this.#upTo(revision)) {
      for (const { key, state } of changes) if (state === undefined) deletions.set(key, at);
    }
    return deletions;
  }

  #upTo(revision: bigint): readonly Revision[] {
    return this.#revisions.filter((each) => each.revision <= revision);
  }

  #stateAt(revision: bigint): ReadonlyMap<string, KeyState> {
    const keys = new Map<string, KeyState>();
    for (const { changes } of this.#upTo(revision)) {
      for (const { key, state } of changes) {
        if (state === undefined) keys.delete(key);
        else keys.set(key, state);
      }
    }
    return keys;
  }

  async #watchAll(): Promise<void> {
    const { signal } = this.#stop;
    for (let n = 0; !signal.aborted; n += 1) {
      const client = this.#clients[n % this.#clients.length];
      await this.#watch(client, signal).catch(() => undefined);
      await sleep(50, undefined, { signal }).catch(() => undefined);
    }
  }

  async #watch(client: MemberClient | undefined, signal: AbortSignal): Promise<void> {
    if (client === undefined) return;
    // What had begun to come may come in another shape: all of it is asked for again.
    this.#open = undefined;
    const request = { ...everything, startRevision: this.lastRevision + 1n };
    for await (const { events } of client.watch(request, signal)) for (const event of events) this.#add(event);
  }

  #add({ type, kv }: WatchEvent): void {
    const { modRevision: revision, lease } = kv;
    if (this.#open !== undefined && this.#open.revision !== revision) {
      // The next one has begun.
      this.#revisions.push(this.#open);
      this.#open = undefined;
    }
    const key = kv.key.toString('latin1');
    const sha256 = createHash('sha256').update(kv.value).digest('hex').slice(0, 16);
    const text = `${key} ${sha256} create ${kv.createRevision} mod ${revision} version ${kv.version} lease ${lease}`;
    const change = { key, state: type === 'put' ? { text, lease } : undefined };
    this.#open = { revision, seenAtMs: Date.now(), changes: [...(this.#open?.changes ?? []), change] };
  }
}
