import { byRevision } from '../revisions.ts';

/** What one revision did to a key. */
export interface KeyRevision {
  readonly revision: bigint;
  readonly type: 'put' | 'delete';
  /** In ms since 1970: when it was seen, or where that is not known, when it had happened at the latest. */
  readonly atMs: number;
  readonly atIs: 'seen' | 'latest';
  /** Of a put, as what follows. */
  readonly createRevision?: bigint;
  readonly version?: bigint;
  readonly valueBytes?: number;
  /** 0 where there is none. */
  readonly lease?: bigint;
  /** Only where values were asked for. */
  readonly value?: Buffer;
}

/** What is known of a put besides its time. */
export interface PutFacts {
  readonly value: Buffer;
  readonly createRevision: bigint;
  readonly version: bigint;
  readonly lease: bigint;
}

/** What one revision did to a key. @param put undefined: it deleted it */
export function keyRevision(
  when: Pick<KeyRevision, 'revision' | 'atMs' | 'atIs'>,
  put: PutFacts | undefined,
  values: boolean,
): KeyRevision {
  const { revision, atMs, atIs } = when;
  if (put === undefined) return { revision, type: 'delete', atMs, atIs };
  const { createRevision, version, lease, value } = put;
  const base = { revision, type: 'put', atMs, atIs, createRevision, version, valueBytes: value.length, lease } as const;
  // A copy: what it is a part of is larger, and does not last.
  return values ? { ...base, value: Buffer.from(value) } : base;
}

/** The newest of many revisions of a key, and how many there were. */
export class NewestRevisions {
  readonly #limit: number;
  #total = 0;
  #kept: KeyRevision[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  get total(): number {
    return this.#total;
  }

  add(revision: KeyRevision): void {
    this.#total += 1;
    this.#kept.push(revision);
    if (this.#kept.length >= 2 * this.#limit) this.#kept = [...this.sorted()];
  }

  /** Another's too. */
  addAll(other: NewestRevisions): void {
    for (const revision of other.#kept) this.add(revision);
    this.#total += other.#total - other.#kept.length;
  }

  /** Ascending. */
  sorted(): readonly KeyRevision[] {
    return this.#kept.toSorted((a, b) => byRevision(a.revision, b.revision)).slice(-this.#limit);
  }
}
