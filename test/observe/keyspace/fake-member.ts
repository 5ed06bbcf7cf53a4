import type { ClusterSection } from '../../../src/cluster/sections.ts';
import type { KeySizesPage, ReplyHeader, StatusReply, WatchBatch } from '../../../src/etcd/types.ts';
import type { Round } from '../../../src/observe/collector.ts';
import type { KeyspaceClient } from '../../../src/observe/keyspace/client.ts';

const id = 'a1';

/** A member with one key, whose answers a test can bend. */
export class FakeMember implements KeyspaceClient {
  revision = 5n;
  raftTerm = 2n;
  leaderId = id;
  /** Watches swallow what happens. */
  silent = false;
  valueBytes = 10;
  pages = 0;
  watches = 0;
  #lives = 1;
  readonly #wake = new Set<() => void>();

  get #header(): ReplyHeader {
    return { clusterId: 'c1', memberId: id, revision: this.revision, raftTerm: this.raftTerm };
  }

  /** Gives the key a new value. */
  put(valueBytes: number): void {
    this.revision += 1n;
    this.valueBytes = valueBytes;
    if (!this.silent) {
      this.#wakeAll();
    }
  }

  /** Ends all watches, as a member that restarts does. */
  restart(): void {
    this.#lives += 1;
    this.#wakeAll();
  }

  async keySizes(request: { readonly rangeEnd?: Buffer }): Promise<KeySizesPage> {
    const all = request.rangeEnd !== undefined;
    this.pages += all ? 1 : 0;
    const { valueBytes } = this;
    return await Promise.resolve({
      header: this.#header,
      more: false,
      count: all ? 1 : 0,
      forEach: (visit) => {
        if (all) visit(Buffer.from('/a/key'), valueBytes);
      },
    });
  }

  async *watch(request: { readonly startRevision?: bigint }, signal?: AbortSignal): AsyncGenerator<WatchBatch> {
    this.watches += 1;
    yield { header: this.#header, kind: 'created', fragment: false, events: [] };
    const life = this.#lives;
    let next = request.startRevision ?? this.revision + 1n;
    for (;;) {
      signal?.throwIfAborted();
      if (life !== this.#lives) {
        throw new Error('the connection broke');
      }
      if (!this.silent && this.revision >= next) {
        next = this.revision + 1n;
        yield { header: this.#header, kind: 'events', fragment: false, events: [this.#event()] };
      } else {
        await this.#news(signal);
      }
    }
  }

  /** A look at a cluster of this member alone. */
  readonly cluster = (): ClusterSection => ({
    clusterId: 'c1',
    linearizable: true,
    members: [
      {
        ...{ id, name: 'm1', peerUrls: [], clientUrls: [], isLearner: false },
        ...{ reachable: true, healthy: true },
      },
    ],
    alarms: [],
    ...{ voters: 1, learners: 0, votersReachable: 1, quorumSize: 1, raftTerm: 2n, leaderId: id, findings: [] },
  });

  /** One round in which only the status is read. */
  round(): Round {
    const status: StatusReply = {
      ...{ header: this.#header, version: '3.5.30', dbSizeBytes: 1, dbSizeInUseBytes: 1, leaderId: this.leaderId },
      ...{ raftIndex: 1n, raftTerm: 2n, raftAppliedIndex: 1n, errors: [], isLearner: false },
    };
    const unused = (): Promise<never> => Promise.reject(new Error('not read here'));
    const read = { ownReply: unused, ownId: unused, members: unused, metricsPage: unused };
    const sources = { status: () => Promise.resolve(status), ...read };
    return { startedAtMs: Date.now(), signal: new AbortController().signal, sources };
  }

  #event(): WatchBatch['events'][number] {
    const value = Buffer.alloc(this.valueBytes);
    const kv = { key: Buffer.from('/a/key'), value, createRevision: 1n, version: 1n, lease: 0n };
    return { type: 'put', kv: { ...kv, modRevision: this.revision } };
  }

  #wakeAll(): void {
    this.#wake.forEach((wake) => {
      wake();
    });
  }

  async #news(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake.add(resolve);
    signal?.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    this.#wake.delete(resolve);
  }
}
