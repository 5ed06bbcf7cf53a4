/** A key as it is, or was, in the live cluster. */
export interface FoundKey {
  readonly value: Buffer;
  readonly modRevision: bigint;
  /** 0: none. */
  readonly lease: bigint;
}

/** A key as it is to be. */
export interface WantedKey {
  readonly value: Buffer;
  /** The one that it had; 0: none. */
  readonly lease: bigint;
}

/** One key that is to be changed, and what the cluster has in its place. Owns its bytes. */
export interface KeyChange {
  readonly key: Buffer;
  /** Undefined: it is to be deleted. */
  readonly wanted: WantedKey | undefined;
  /** Undefined: there is no such key. The change is made only while this is so. */
  readonly found: FoundKey | undefined;
}

/** What a difference comes to. */
export type DifferenceKind =
  /** It is not there now, and is put back. */
  | 'put-back'
  /** It is there with another value, and is changed back. */
  | 'change-back'
  /** It was not there then, and is deleted. */
  | 'delete'
  /** It was not there then, and stays. */
  | 'keep'
  /** It is under a lease, then or now, and stays as it is. */
  | 'leased'
  /** Of an undo: it is not as the restore left it any more, and stays. */
  | 'changed-since';

/** One key in which then and now differ. */
export interface KeyDifference extends KeyChange {
  readonly kind: DifferenceKind;
}

/** Whether it is written, or only told. */
export function isWritten({ kind }: KeyDifference): boolean {
  return kind === 'put-back' || kind === 'change-back' || kind === 'delete';
}
