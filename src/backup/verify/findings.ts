import type { RevisionRange } from '../chain.ts';

/** One thing that is not as it should be in a store. */
export interface Finding {
  /** `fault`: something cannot be restored that should. `note`: nothing is lost by it. */
  readonly severity: 'fault' | 'note';
  readonly code: FindingCode | string;
  /** Of the object, where it is about one. */
  readonly key?: string;
  /** A sentence. */
  readonly message: string;
  /** Revisions that it is about. */
  readonly range?: RevisionRange;
}

/** Besides these, the codes of the errors that reading an object ends with. */
export type FindingCode =
  | 'DUPLICATE_SEGMENT'
  | 'GAP'
  | 'GAP_YOUNG'
  | 'MANIFEST_CHAIN'
  | 'NO_FULL'
  | 'NOT_DECRYPTED'
  | 'SNAPSHOT_WITHOUT_MANIFEST'
  | 'UNKNOWN_OBJECT';

/** Revisions as a person says them. */
export function rangeText({ from, to }: RevisionRange): string {
  return from === to ? `revision ${from}` : `revisions ${from} to ${to}`;
}
