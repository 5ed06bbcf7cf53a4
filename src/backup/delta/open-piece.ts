import { type LastChange, lastChangeIn } from './last-change.ts';
import { encodeBatch, encodeRecord } from './record-line.ts';
import type { RevisionBatch } from './revision-batch.ts';

/** What has been seen and is not durable anywhere yet: some revisions as lines, and the leases that they name. */
export class OpenPiece {
  readonly #lines: string[] = [];
  readonly #leases = new Map<bigint, Promise<number | undefined>>();
  readonly from: bigint;
  #last: RevisionBatch | undefined;
  #events = 0;
  #bytes = 0;
  readonly startedAtMs = Date.now();
  #endedAtMs = this.startedAtMs;

  /** @param from its first revision */
  constructor(from: bigint) {
    this.from = from;
  }

  /** Its last revision; one before `from` while it is empty. */
  get to(): bigint {
    return this.#last?.revision ?? this.from - 1n;
  }

  /** What its last revision is; undefined while it is empty. */
  get lastChange(): LastChange | undefined {
    return this.#last === undefined ? undefined : lastChangeIn(this.#last);
  }

  get events(): number {
    return this.#events;
  }

  /** Characters of its lines: about what it takes in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Wall clock when its last revision was seen, ms since 1970. */
  get endedAtMs(): number {
    return this.#endedAtMs;
  }

  /**
   * Takes a revision in.
   * @param termOf how long a lease was granted for, in seconds; asked at once, once for each lease; undefined: nobody could
   *   say, and no record says that it was none
   */
  add(batch: RevisionBatch, termOf: (lease: bigint) => Promise<number | undefined>): void {
    for (const { lease } of batch.events) {
      if (lease !== 0n && !this.#leases.has(lease)) this.#leases.set(lease, termOf(lease));
    }
    const line = encodeBatch(batch);
    this.#lines.push(line);
    this.#bytes += line.length;
    this.#events += batch.events.length;
    this.#last = batch;
    this.#endedAtMs = Date.now();
  }

  /** Its lines: all leases first, since each must stand before the first event under it. */
  async *lines(): AsyncGenerator<string, void, undefined> {
    for (const [id, asked] of this.#leases) {
      const ttlSeconds = await asked;
      if (ttlSeconds !== undefined) yield encodeRecord({ kind: 'lease', grant: { id, ttlSeconds } });
    }
    yield* this.#lines;
  }
}
