import type { RevisionRange } from '../chain.ts';
import type { ChainBreak } from './spool.ts';

/** What the delta stream tells whoever runs it, as it happens. */
export type DeltaTold =
  /** These revisions are in no segment of this store and will never be: it needs a new full snapshot at once. */
  | {
      readonly kind: 'chain-broken';
      readonly store: string;
      readonly lost: RevisionRange;
      readonly reason: ChainBreak['reason'];
    }
  /** Users or roles were changed, which makes no revision: a new full snapshot is needed. */
  | { readonly kind: 'auth-changed'; readonly from: bigint; readonly to: bigint }
  | { readonly kind: 'spooled'; readonly range: RevisionRange; readonly bytes: number; readonly events: number }
  /** The spool takes no more: nothing is captured until it does. Told once until then. */
  | { readonly kind: 'spool-full'; readonly bytes: number; readonly maxBytes: number }
  | { readonly kind: 'spool-free' }
  | {
      readonly kind: 'stored';
      readonly store: string;
      readonly key: string;
      readonly range: RevisionRange;
      readonly bytes: number;
    }
  | { readonly kind: 'store-failed'; readonly store: string; readonly code: string };

/** Must not throw. */
export type TellDelta = (told: DeltaTold) => void;
