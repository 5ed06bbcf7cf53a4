import { setTimeout as sleep } from 'node:timers/promises';
import { untilAborted } from '../abort/until-aborted.ts';
import { faultOf } from '../cluster/agent-error.ts';
import { EtcdError } from '../etcd/errors.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import type { WatchBatch } from '../etcd/types.ts';
import { assembleSnapshot, type MirrorState } from './assemble.ts';
import { type JournalEntry, readEntry } from './entries.ts';
import type { JournalKeys } from './keys.ts';
import { type Sighted, Sightings } from './sightings.ts';
import type { JournalSnapshot } from './snapshot.ts';

const FIRST_BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 5000;

/**
 * Everything below the prefix as the own member has it, from one read and one watch: to look into the journal costs no
 * call. When the watch ends, for whatever reason (compaction too), everything is read again; until then the last snapshot
 * stays, and says that it is not connected.
 */
export class JournalMirror implements AsyncDisposable {
  readonly #client: MemberClient;
  readonly #keys: JournalKeys;
  readonly #entries = new Map<string, JournalEntry>();
  readonly #listeners = new Set<(snapshot: JournalSnapshot) => void>();
  readonly #closing = new AbortController();
  readonly #sightings = new Sightings();
  #running: Promise<void> | undefined;
  #snapshot: JournalSnapshot;

  constructor(client: MemberClient, keys: JournalKeys) {
    this.#client = client;
    this.#keys = keys;
    this.#snapshot = assembleSnapshot([], { revision: 0n, connected: false, ...this.#sightings.sighted });
  }

  /** The newest one; before the first read an empty one that is not connected. */
  get snapshot(): JournalSnapshot {
    return this.#snapshot;
  }

  /** Begins to read and to watch; never rejects. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Calls back with every new snapshot, until the function that it gives is called. */
  onChange(listener: (snapshot: JournalSnapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The first snapshot, from the present one on, of which `predicate` is true. Rejects with the signal's reason only. */
  async waitFor(predicate: (snapshot: JournalSnapshot) => boolean, signal?: AbortSignal): Promise<JournalSnapshot> {
    if (predicate(this.#snapshot)) return this.#snapshot;
    const { promise, resolve } = Promise.withResolvers<JournalSnapshot>();
    const stop = this.onChange((snapshot) => {
      if (predicate(snapshot)) resolve(snapshot);
    });
    return untilAborted(promise, signal).finally(stop);
  }

  /** The first snapshot that holds everything up to `revision`, which must be that of a change below the prefix. */
  current(revision: bigint, signal?: AbortSignal): Promise<JournalSnapshot> {
    return this.waitFor((snapshot) => snapshot.connected && snapshot.revision >= revision, signal);
  }

  /** Ends the watch; the last snapshot stays, not connected. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let backoffMs = FIRST_BACKOFF_MS;
    while (!signal.aborted) {
      const error = await this.#follow(signal).catch((thrown: unknown) => thrown);
      if (this.#snapshot.connected) backoffMs = FIRST_BACKOFF_MS;
      const { revision } = this.#snapshot;
      this.#publish({ revision, connected: false, fault: faultOf(error) });
      if (!signal.aborted) await sleep(backoffMs, undefined, { signal }).catch(() => undefined);
      backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS);
    }
  }

  /** Reads everything through the quorum and follows from there; ends by throwing. */
  async #follow(signal: AbortSignal): Promise<never> {
    const { header, kvs } = await this.#client.range(this.#keys.all, signal);
    let { revision } = header;
    const request = { ...this.#keys.all, startRevision: revision + 1n };
    for await (const batch of this.#client.watch(request, signal)) {
      if (batch.kind === 'created') {
        this.#entries.clear();
        for (const kv of kvs) this.#put(readEntry(this.#keys.prefix, kv), kv.key.toString('utf8'));
        this.#sightings.readAgain(this.#keys.prefix, [...this.#entries.keys()], revision);
      } else {
        this.#apply(batch);
        // A revision in pieces counts when its last piece is there.
        if (batch.fragment) continue;
        revision = upTo(batch, revision);
      }
      this.#publish({ revision, connected: true });
    }
    throw new EtcdError('ETCD_WATCH_ENDED', 'The watch over the journal ended.', { member: this.#client.member });
  }

  #apply({ events }: WatchBatch): void {
    for (const event of events) {
      const { type, kv } = event;
      this.#put(type === 'put' ? readEntry(this.#keys.prefix, kv) : undefined, kv.key.toString('utf8'));
      this.#sightings.event(this.#keys.prefix, event);
    }
  }

  #put(entry: JournalEntry | undefined, key: string): void {
    if (entry === undefined) this.#entries.delete(key);
    else this.#entries.set(key, entry);
  }

  #publish(state: Omit<MirrorState, keyof Sighted>): void {
    const snapshot = assembleSnapshot([...this.#entries.values()], { ...state, ...this.#sightings.sighted });
    this.#snapshot = snapshot;
    for (const listener of [...this.#listeners]) listener(snapshot);
  }
}

/** The revision up to which everything has arrived: an events batch's header may be ahead of what it brings. */
function upTo({ kind, header, events }: WatchBatch, before: bigint): bigint {
  const arrived = kind === 'progress' ? header.revision : (events.at(-1)?.kv.modRevision ?? before);
  return arrived > before ? arrived : before;
}
