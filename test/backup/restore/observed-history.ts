import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { DeltaEvent, DeltaRecord, LeaseGrant } from '../../../src/backup/delta/revision-batch.ts';
import type { MemberClient } from '../../../src/etcd/member-client.ts';
import type { KeyValue } from '../../../src/etcd/types.ts';

/** The whole keyspace. */
export const everything = { key: Buffer.from('\0'), rangeEnd: Buffer.from('\0') };

/** What an independent observer saw of a cluster by a watch: the records that a backup would have made. */
export class ObservedHistory implements AsyncDisposable {
  readonly records: DeltaRecord[] = [];
  readonly #client: MemberClient;
  readonly #stop = new AbortController();
  readonly #seen = new Set<bigint>();
  readonly #ttlOf: (id: bigint) => number;
  #lastRevision = 0n;
  readonly #watching: Promise<void>;

  private constructor(client: MemberClient, ttlOf: (id: bigint) => number, begun: () => void) {
    this.#client = client;
    this.#ttlOf = ttlOf;
    this.#watching = this.#watch(begun).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) throw error;
    });
    this.#watching.catch(() => undefined);
  }

  /**
   * Watches from now on: a watch that starts at an old revision has to catch up, and a compaction may overtake it.
   * @param ttlOf how long a lease was granted for, as whoever granted it knows
   */
  static async begin(client: MemberClient, ttlOf: (id: bigint) => number): Promise<ObservedHistory> {
    const begun = Promise.withResolvers<void>();
    const history = new ObservedHistory(client, ttlOf, begun.resolve);
    await Promise.race([begun.promise, history.#watching]);
    return history;
  }

  /** Waits until everything up to this revision has been seen; gives the records. */
  async until(revision: bigint): Promise<readonly DeltaRecord[]> {
    while (this.#lastRevision < revision) {
      await Promise.race([this.#watching, new Promise((resolve) => setTimeout(resolve, 10))]);
    }
    return this.records;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#watching.catch(() => undefined);
  }

  async #watch(begun: () => void): Promise<void> {
    for await (const { kind, events } of this.#client.watch(everything, this.#stop.signal)) {
      if (kind === 'created') begun();
      for (const { type, kv } of events) this.#add(kv.modRevision, eventOf(type, kv));
    }
  }

  #add(revision: bigint, event: DeltaEvent): void {
    if (event.lease !== 0n && !this.#seen.has(event.lease)) {
      this.#seen.add(event.lease);
      const grant: LeaseGrant = { id: event.lease, ttlSeconds: this.#ttlOf(event.lease) };
      // Before the revision, of which other events may be there already.
      const last = this.records.at(-1);
      const isOpen = last?.kind === 'revision' && last.batch.revision === revision;
      this.records.splice(isOpen ? this.records.length - 1 : this.records.length, 0, { kind: 'lease', grant });
    }
    const last = this.records.at(-1);
    if (last?.kind === 'revision' && last.batch.revision === revision) {
      this.records[this.records.length - 1] = {
        kind: 'revision',
        batch: { revision, events: [...last.batch.events, event] },
      };
    } else this.records.push({ kind: 'revision', batch: { revision, events: [event] } });
    // The revision before it is whole.
    this.#lastRevision = revision - 1n;
  }
}

function eventOf(type: 'put' | 'delete', kv: KeyValue): DeltaEvent {
  const { createRevision, version, lease } = kv;
  return { type, key: Buffer.from(kv.key), value: Buffer.from(kv.value), createRevision, version, lease };
}

/** Gives the records one by one. */
export async function* stream(records: readonly DeltaRecord[]): AsyncGenerator<DeltaRecord, void, undefined> {
  yield* records;
}

/** A snapshot of a member as a file; says how large it is without its own hash. */
export async function saveSnapshot(client: MemberClient, file: string): Promise<number> {
  const out = createWriteStream(file);
  let bytes = 0;
  for await (const { blob } of client.snapshot()) {
    bytes += blob.length;
    out.write(blob);
  }
  out.end();
  await finished(out);
  return bytes - 32;
}

/** All keys as they were at a revision, as text that can be compared. */
export async function keyspaceAt(client: MemberClient, revision: bigint): Promise<readonly string[]> {
  const { kvs } = await client.range({ ...everything, revision });
  return kvs.map(
    ({ key, value, createRevision, modRevision, version, lease }) =>
      `${key.toString('latin1')} ${sha256(value)} create ${createRevision} mod ${modRevision} version ${version} lease ${lease}`,
  );
}

function sha256(value: Buffer): string {
  return createHash('sha256').update(value).digest('hex').slice(0, 16);
}
