/** What clients asked of one key and what they were told, on one monotonic clock: what a checker judges. Plain data. */

/** What was asked. Every value is written by one call only. */
export type Call =
  | { readonly kind: 'write'; readonly value: string }
  | { readonly kind: 'read' }
  /** `expected` undefined: the key is not to exist. */
  | { readonly kind: 'swap'; readonly expected: string | undefined; readonly value: string };

/** What came back: `unknown` where the answer was lost, so that it may have been done, may be done later, or never. */
export type Answer =
  | { readonly kind: 'written' }
  | { readonly kind: 'value'; readonly value: string | undefined }
  | { readonly kind: 'swapped'; readonly done: boolean }
  | { readonly kind: 'unknown' };

/** One call on one key. Calls that certainly were not done are in no history. */
export interface Operation {
  readonly client: string;
  readonly call: Call;
  readonly answer: Answer;
  /** On a monotonic clock that all clients share. */
  readonly invokedMs: number;
  /** Infinity with an unknown answer. */
  readonly endedMs: number;
}

/** All that happened to one key, and what it held when everything was over. */
export interface KeyHistory {
  readonly key: string;
  readonly operations: readonly Operation[];
  /** By a read through the quorum after the last call; absent where it was not read. */
  readonly last?: { readonly value: string | undefined };
}
