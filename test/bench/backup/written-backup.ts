import { randomBytes } from 'node:crypto';
import type { DeltaEvent, DeltaRecord } from '../../../src/backup/delta/revision-batch.ts';
import { encodeSegment } from '../../../src/backup/delta/segment-writer.ts';
import { takeFull } from '../../../src/backup/full/take-full.ts';
import { deltaKey } from '../../../src/backup/names.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import type { FilledMember } from './filled-members.ts';

/** As many objects as a restore reads at most, about. */
const SEGMENTS = 200;
const VALUE_BYTES = 512;
/** Of the changes, in percent: new keys, and deletions of keys; all others change what is there. */
const [CREATED, DELETED] = [10, 10];
const LIVE_KEYS = 20_000;
const LEASE = { id: 7_777_777n, ttlSeconds: 60 };

/** What lies in the store. */
export interface WrittenBackup {
  readonly store: LocalStore;
  readonly revisions: number;
  readonly fullBytes: number;
  readonly deltaBytes: number;
}

/**
 * A full snapshot of a member in a folder, and so many revisions after it that the member never made: each puts or deletes one
 * key, as the changes of a Kubernetes store mostly do, one of fifty under a lease.
 */
export async function writeBackup(member: FilledMember, folder: string, revisions: number): Promise<WrittenBackup> {
  const store = new LocalStore(folder);
  const { outcomes } = await takeFull({
    client: member.client,
    timeline: 'bench',
    clusterName: 'bench',
    epoch: 1n,
    destinations: [{ store }],
    bytesPerSecond: Number.POSITIVE_INFINITY,
    spool: { folder: `${folder}.spool`, maxBytes: 2 ** 40 },
  });
  const [outcome] = outcomes;
  if (outcome === undefined || 'error' in outcome) throw outcome?.error ?? new Error('there is no outcome');
  const { manifest } = outcome;
  const { timeline, clusterId, clusterName, memberId, etcdVersion, lastRevision } = manifest;
  const life = new MadeUpLife();
  const each = Math.ceil(revisions / SEGMENTS);
  let deltaBytes = 0;
  for (let made = 0; made < revisions; made += each) {
    const from = lastRevision + BigInt(made) + 1n;
    const to = lastRevision + BigInt(Math.min(revisions, made + each));
    const endedAtMs = manifest.endedAtMs + made;
    const { object } = await encodeSegment(
      {
        ...{ timeline, clusterId, clusterName, member: 'bench', memberId, etcdVersion, epoch: 1n },
        ...{ firstRevision: from, lastRevision: to, startedAtMs: endedAtMs - 900, endedAtMs },
      },
      life.records(from, to),
    );
    const id = `s${String(made).padStart(8, '0')}`;
    await store.put(deltaKey({ kind: 'delta', from, to, epoch: 1n, id }, false), object);
    deltaBytes += object.length;
  }
  return { store, revisions, fullBytes: manifest.stored.bytes, deltaBytes };
}

interface LiveKey {
  readonly key: Buffer;
  readonly createRevision: bigint;
  version: bigint;
}

/** Changes of keys of its own, with the create revisions and versions that they must have. */
class MadeUpLife {
  readonly #live: LiveKey[] = [];
  #created = 0;

  *records(from: bigint, to: bigint): Generator<DeltaRecord, void, undefined> {
    yield { kind: 'lease', grant: LEASE };
    for (let revision = from; revision <= to; revision += 1n) {
      const event = this.#event(revision, Math.floor(Math.random() * 100));
      yield { kind: 'revision', batch: { revision, events: [event], seenAtMs: Date.now() } };
    }
  }

  #event(revision: bigint, dice: number): DeltaEvent {
    const at = Math.floor(Math.random() * this.#live.length);
    const chosen = this.#live[at];
    if (chosen === undefined || dice < CREATED || this.#live.length < LIVE_KEYS / 2) return this.#create(revision);
    if (dice < CREATED + DELETED) {
      const last = this.#live.pop();
      if (last !== undefined && last !== chosen) this.#live[at] = last;
      return {
        type: 'delete',
        key: chosen.key,
        value: Buffer.alloc(0),
        createRevision: 0n,
        version: 0n,
        lease: 0n,
      };
    }
    chosen.version += 1n;
    return this.#put(chosen);
  }

  #create(createRevision: bigint): DeltaEvent {
    const key = Buffer.from(`/registry/events/ns-${this.#created % 100}/event-${this.#created}`);
    this.#created += 1;
    const made = { key, createRevision, version: 1n };
    this.#live.push(made);
    return this.#put(made);
  }

  #put({ key, createRevision, version }: LiveKey): DeltaEvent {
    const value = Buffer.concat([randomBytes(VALUE_BYTES / 2), Buffer.alloc(VALUE_BYTES / 2, '{"kind":"Event"}')]);
    return { type: 'put', key, value, createRevision, version, lease: this.#created % 50 === 0 ? LEASE.id : 0n };
  }
}
