/** One change of one key, as a watch tells it. */
export interface DeltaEvent {
  readonly type: 'put' | 'delete';
  readonly key: Buffer;
  /** Of a put. */
  readonly value: Buffer;
  readonly createRevision: bigint;
  /** How often the key was written since it was created; 0 for a deletion. */
  readonly version: bigint;
  /** 0 where there is none. */
  readonly lease: bigint;
}

/** Everything that one revision changed, in etcd's order. */
export interface RevisionBatch {
  readonly revision: bigint;
  readonly events: readonly DeltaEvent[];
  /** When the agent saw it, by its wall clock, in ms since 1970; absent where that is not known. */
  readonly seenAtMs?: number;
}

/** How long a lease had been granted for, asked for when an event first named it: 0 where it was gone. There is none where nobody could say. */
export interface LeaseGrant {
  readonly id: bigint;
  readonly ttlSeconds: number;
}

/** What a segment holds, in the order in which it was seen: a lease comes before the first event under it. */
export type DeltaRecord =
  | { readonly kind: 'lease'; readonly grant: LeaseGrant }
  | { readonly kind: 'revision'; readonly batch: RevisionBatch };
