import type { WatchBatch, WatchEvent } from '../../etcd/types.ts';
import type { DeltaEvent, RevisionBatch } from './revision-batch.ts';

/** Revisions that a watch left out: `from` to `to`, both inclusive. Not for people: the capture acts on it. */
export class RevisionGap extends Error {
  readonly from: bigint;
  readonly to: bigint;

  constructor(from: bigint, to: bigint) {
    super(`the watch left out revisions ${from} to ${to}`);
    this.from = from;
    this.to = to;
  }
}

/**
 * Puts together what arrives on a watch over all keys: revisions whole, each once, without a gap. Every revision of etcd changes
 * some key, so one that does not arrive was lost on the way.
 */
export class WholeRevisions {
  #last: bigint;
  #pending: DeltaEvent[] = [];
  #pendingRevision: bigint | undefined;

  /** @param last the last revision that is not to come again */
  constructor(last: bigint) {
    this.#last = last;
  }

  /** The last revision that has arrived whole. */
  get last(): bigint {
    return this.#last;
  }

  /** The revisions that are whole with this batch, in order. Throws `RevisionGap`; what came before it has been given. */
  *take({ kind, header, fragment, events }: WatchBatch): Generator<RevisionBatch, void, undefined> {
    if (kind === 'progress' && header.revision > this.#last) throw new RevisionGap(this.#last + 1n, header.revision);
    for (const event of events) {
      const { modRevision } = event.kv;
      if (modRevision <= this.#last) continue;
      if (this.#pendingRevision !== undefined && modRevision !== this.#pendingRevision) yield this.#complete();
      if (this.#pendingRevision === undefined) {
        if (modRevision !== this.#last + 1n) throw new RevisionGap(this.#last + 1n, modRevision - 1n);
        this.#pendingRevision = modRevision;
      }
      this.#pending.push(deltaEvent(event));
    }
    // More pieces of the last revision may follow.
    if (!fragment && this.#pendingRevision !== undefined) yield this.#complete();
  }

  #complete(): RevisionBatch {
    const batch = { revision: this.#pendingRevision ?? 0n, events: this.#pending };
    this.#last = batch.revision;
    this.#pending = [];
    this.#pendingRevision = undefined;
    return batch;
  }
}

function deltaEvent({ type, kv: { key, value, createRevision, version, lease } }: WatchEvent): DeltaEvent {
  return type === 'delete'
    ? { type, key, value: NOTHING, createRevision: 0n, version: 0n, lease: 0n }
    : { type, key, value, createRevision, version, lease };
}

const NOTHING = Buffer.alloc(0);
