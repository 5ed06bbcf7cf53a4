/** How far backups have come, as compaction asks. */
export interface Durable {
  /** Everything up to here is in all stores; undefined where that is not known. */
  readonly revision: bigint | undefined;
  /** The newest revision that is known of. */
  readonly liveRevision: bigint;
}

/**
 * Holds compaction back to what backups have made durable, and lets it go on when they have not got on for too long: a full etcd
 * is worse than a chain that must begin anew.
 */
export class CompactionHold {
  readonly #waitMs: number;
  #revision: bigint | undefined;
  #stuckSinceMs: number | undefined;
  #letGo = false;

  constructor(waitMs: number) {
    this.#waitMs = waitMs;
  }

  /** Whether compaction goes on although not everything is durable. */
  get letGo(): boolean {
    return this.#letGo;
  }

  /** The highest revision that may be compacted to; undefined: any. @param nowMs monotonic clock */
  limit({ revision, liveRevision }: Durable, nowMs: number): bigint | undefined {
    const isComplete = revision !== undefined && revision >= liveRevision;
    if (isComplete || revision !== this.#revision || this.#stuckSinceMs === undefined) this.#stuckSinceMs = nowMs;
    this.#revision = revision;
    this.#letGo = nowMs - this.#stuckSinceMs > this.#waitMs;
    return this.#letGo ? undefined : (revision ?? 0n);
  }
}
