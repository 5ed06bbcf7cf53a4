import type { HistoryEntry, Slot } from '../cluster/caretaking.ts';

/**
 * Where an operation writes down what it is about to do: the slot, or, while etcd takes no writes, the spare steps. Both
 * throw `TERM_LOST`, `SLOT_CHANGED` and `JOURNAL_UNCERTAIN`, and with `unlessPaused` `PAUSED`.
 */
export interface JournalPort {
  /** As it stands. */
  readonly slot: Slot;
  /** At which the operation began: orders the history. */
  readonly revision: bigint;
  /** Writes down the next step; back when etcd has it, under the holder's own term. */
  advance(next: Slot, options: { readonly unlessPaused: boolean }, signal: AbortSignal): Promise<void>;
  /** Writes down progress alone. */
  note(next: Slot, signal: AbortSignal): Promise<void>;
  /** Frees the slot and puts the entry into the history, in one transaction. */
  finish(entry: HistoryEntry, signal: AbortSignal): Promise<void>;
}
