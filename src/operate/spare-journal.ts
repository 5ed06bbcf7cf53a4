import type { HistoryEntry, Slot } from '../cluster/caretaking.ts';
import { EtcdError } from '../etcd/errors.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import { guardedTxn } from '../journal/guarded-txn.ts';
import { historyToDrop } from '../journal/history.ts';
import type { JournalKeys } from '../journal/keys.ts';
import { encodeHistory } from '../journal/records/history.ts';
import type { Term } from '../journal/term.ts';
import type { JournalPort } from './journal-port.ts';

export interface SpareJournalOptions {
  readonly client: MemberClient;
  readonly keys: JournalKeys;
  /** Of a claimed spare epoch. */
  readonly term: Term;
  /** Uses up one spare step under the term's guard; with `unlessPaused` only where no pause stands. */
  readonly consumeStep: (options: { readonly unlessPaused: boolean }, signal: AbortSignal) => Promise<void>;
  readonly history: () => readonly HistoryEntry[];
  /** Of the claim. */
  readonly revision: bigint;
}

/**
 * The journal while etcd takes no writes: a step is a spare key that goes. What it says is only that another step begins;
 * which one follows from the cluster itself, so progress is kept in this process alone.
 */
export class SpareJournal implements JournalPort {
  readonly #options: SpareJournalOptions;
  #slot: Slot;

  constructor(options: SpareJournalOptions, slot: Slot) {
    this.#options = options;
    this.#slot = slot;
  }

  get slot(): Slot {
    return this.#slot;
  }

  get revision(): bigint {
    return this.#options.revision;
  }

  async advance(next: Slot, options: { readonly unlessPaused: boolean }, signal: AbortSignal): Promise<void> {
    await this.#options.consumeStep(options, signal);
    this.#slot = next;
  }

  async note(next: Slot): Promise<void> {
    this.#slot = next;
  }

  /** Where etcd still takes no writes the entry cannot be kept: then the log and the receivers of notifications alone have it. */
  async finish(entry: HistoryEntry, signal: AbortSignal): Promise<void> {
    const { client, keys, term, history } = this.#options;
    const key = keys.history(entry.revision);
    const value = encodeHistory(entry);
    const gone = historyToDrop(history()).map((revision) => ({ delete: keys.history(revision) }));
    try {
      await guardedTxn(
        client,
        term,
        { compare: [], changes: [...gone, { put: key, value }], witness: { key, value } },
        signal,
      );
    } catch (error) {
      if (!(error instanceof EtcdError && error.code === 'ETCD_NOSPACE')) throw error;
    }
  }
}
