/** A condition of a transaction, on one key. A key that does not exist has revisions and version 0. */
export type TxnCompare = { readonly key: Buffer } & (
  | { readonly createRevision: bigint }
  | { readonly modRevision: bigint }
  | { readonly version: bigint }
  /** The version is greater than this: with 0, the key exists. */
  | { readonly versionAbove: bigint }
  | { readonly value: Buffer }
);

/** One change of a transaction. */
export type TxnChange =
  | { readonly put: Buffer; readonly value: Buffer /** 0 or absent: none. */; readonly lease?: bigint }
  | { readonly delete: Buffer /** Exclusive end of a range. */; readonly rangeEnd?: Buffer };

/** All changes, in one revision, if all conditions hold; else nothing. */
export interface TxnRequest {
  readonly compare: readonly TxnCompare[];
  readonly changes: readonly TxnChange[];
}

export interface TxnReply {
  readonly succeeded: boolean;
  /** The revision of the changes, or the newest one where they were not made. */
  readonly revision: bigint;
}
