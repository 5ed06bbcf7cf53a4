import type { KeyChange } from './key-change.ts';

/** What became of one change. */
export type WriteOutcome = { readonly change: KeyChange } /** It was made, in this revision. */ & (
  | { readonly result: 'made'; readonly revision: bigint }
  /** The key was so already. */
  | { readonly result: 'equal' }
  /** Somebody else has written the key since it was looked at: it was left alone. Undefined: they deleted it. */
  | { readonly result: 'conflict'; readonly modRevision: bigint | undefined }
  /** Its value is larger than the cluster takes. */
  | { readonly result: 'too-large' }
  /** The lease that it is to be under is gone: it was left alone. */
  | { readonly result: 'lease-gone' }
);
