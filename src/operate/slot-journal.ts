import type { HistoryEntry, Slot } from '../cluster/caretaking.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import { historyToDrop } from '../journal/history.ts';
import type { JournalKeys } from '../journal/keys.ts';
import { advanceSlot, finishSlot } from '../journal/slot.ts';
import type { JournaledSlot } from '../journal/snapshot.ts';
import type { Term } from '../journal/term.ts';
import type { JournalPort } from './journal-port.ts';

export interface SlotJournalOptions {
  readonly client: MemberClient;
  readonly keys: JournalKeys;
  readonly term: Term;
  /** The history as it is, newest first: what is too old goes with the end of the operation. */
  readonly history: () => readonly HistoryEntry[];
}

/** The journal of an operation that holds the slot. */
export class SlotJournal implements JournalPort {
  readonly #options: SlotJournalOptions;
  #journaled: JournaledSlot;

  /** @param journaled as `takeSlot` or `takeOverSlot` left it */
  constructor(options: SlotJournalOptions, journaled: JournaledSlot) {
    this.#options = options;
    this.#journaled = journaled;
  }

  get slot(): Slot {
    return this.#journaled.slot;
  }

  get revision(): bigint {
    return this.#journaled.createRevision;
  }

  async advance(next: Slot, options: { readonly unlessPaused: boolean }, signal: AbortSignal): Promise<void> {
    const { client, keys, term } = this.#options;
    this.#journaled = await advanceSlot(client, keys, term, this.#journaled, next, signal, options);
  }

  note(next: Slot, signal: AbortSignal): Promise<void> {
    return this.advance(next, { unlessPaused: false }, signal);
  }

  async finish(entry: HistoryEntry, signal: AbortSignal): Promise<void> {
    const { client, keys, term, history } = this.#options;
    await finishSlot(client, keys, term, this.#journaled, entry, { drop: historyToDrop(history()) }, signal);
  }
}
