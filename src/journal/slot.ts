import { AgentError } from '../cluster/agent-error.ts';
import type { HistoryEntry, Slot } from '../cluster/caretaking.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import type { TxnChange, TxnCompare } from '../etcd/txn.ts';
import { guardedTxn } from './guarded-txn.ts';
import type { JournalKeys } from './keys.ts';
import { encodeHistory } from './records/history.ts';
import { encodeSlot } from './records/slot.ts';
import type { JournaledSlot } from './snapshot.ts';
import type { Term } from './term.ts';

/**
 * The slot is lock, journal and intent in one key. Every change is one transaction: by compare-and-swap on its revision,
 * under the term's guard, with an outcome that is known. All of them throw `TERM_LOST`, `JOURNAL_UNCERTAIN`,
 * `JOURNAL_TOO_LARGE`, or what etcd refuses with (`ETCD_NOSPACE`).
 */

/** Begins an operation; takes the request away from which it came. Throws `SLOT_TAKEN` where another one is under way. */
export async function takeSlot(
  client: MemberClient,
  keys: JournalKeys,
  term: Term,
  slot: Slot,
  signal?: AbortSignal,
  options: { readonly requestId?: string } = {},
): Promise<JournaledSlot> {
  const { requestId } = options;
  const value = encodeSlot(slot);
  const request = requestId === undefined ? [] : [{ delete: keys.request(requestId) }];
  const { succeeded, revision } = await guardedTxn(
    client,
    term,
    {
      compare: [{ key: keys.slot, createRevision: 0n }],
      changes: [{ put: keys.slot, value }, ...request],
      witness: { key: keys.slot, value },
    },
    signal,
  );
  if (!succeeded) {
    throw new AgentError('SLOT_TAKEN', `${slot.operation} was not begun: another operation is under way.`, {
      remedy: 'Wait until it has ended.',
    });
  }
  return { slot, createRevision: revision, modRevision: revision };
}

/**
 * Writes down what is about to be done. Throws `SLOT_CHANGED` where somebody else has changed the slot since, and, with
 * `unlessPaused`, `PAUSED` where a pause stands at that very revision.
 */
export async function advanceSlot(
  client: MemberClient,
  keys: JournalKeys,
  term: Term,
  former: JournaledSlot,
  next: Slot,
  signal?: AbortSignal,
  options: { readonly unlessPaused?: boolean } = {},
): Promise<JournaledSlot> {
  const value = encodeSlot(next);
  const notPaused: readonly TxnCompare[] =
    options.unlessPaused === true ? [{ key: keys.pause, createRevision: 0n }] : [];
  const { succeeded, revision } = await guardedTxn(
    client,
    term,
    {
      compare: [unchanged(keys, former), ...notPaused],
      changes: [{ put: keys.slot, value }],
      witness: { key: keys.slot, value },
    },
    signal,
  );
  if (succeeded) return { slot: next, createRevision: former.createRevision, modRevision: revision };
  // What keeps it from going on, if the slot is still as it was, can only be the pause.
  const still = await client.txn({ compare: [unchanged(keys, former)], changes: [] }, signal);
  if (notPaused.length === 0 || !still.succeeded) throw slotChanged(former);
  throw new AgentError('PAUSED', `${next.operation} stops before the step ${next.phase}: somebody has said pause.`, {
    remedy: 'Say resume when it may go on.',
  });
}

/**
 * Makes an operation that an earlier leader began this term's own. Where it is so already nothing is written. Throws
 * `SLOT_CHANGED` where somebody else was faster.
 */
export async function takeOverSlot(
  client: MemberClient,
  keys: JournalKeys,
  term: Term,
  former: JournaledSlot,
  signal?: AbortSignal,
): Promise<JournaledSlot> {
  const { epoch, holder } = term;
  if (former.slot.epoch === epoch && former.slot.holder === holder) return former;
  return advanceSlot(client, keys, term, former, { ...former.slot, epoch, holder }, signal);
}

/** What goes together with the end of an operation. */
export interface SlotEnd {
  /** Revisions of the oldest history entries, which go: see `historyToDrop`. */
  readonly drop: readonly bigint[];
  /** A request that is answered with it. */
  readonly requestId?: string;
}

/** Ends an operation: the slot goes and the history has it. Throws `SLOT_CHANGED` where the slot is no longer as it was. */
export async function finishSlot(
  client: MemberClient,
  keys: JournalKeys,
  term: Term,
  former: JournaledSlot,
  entry: HistoryEntry,
  { drop, requestId }: SlotEnd,
  signal?: AbortSignal,
): Promise<void> {
  const key = keys.history(entry.revision);
  const value = encodeHistory(entry);
  const gone: readonly TxnChange[] = [
    { delete: keys.slot },
    ...drop.filter((revision) => revision !== entry.revision).map((revision) => ({ delete: keys.history(revision) })),
    ...(requestId === undefined ? [] : [{ delete: keys.request(requestId) }]),
  ];
  const { succeeded } = await guardedTxn(
    client,
    term,
    { compare: [unchanged(keys, former)], changes: [...gone, { put: key, value }], witness: { key, value } },
    signal,
  );
  if (!succeeded) throw slotChanged(former);
}

function unchanged(keys: JournalKeys, { modRevision }: JournaledSlot): TxnCompare {
  return { key: keys.slot, modRevision };
}

function slotChanged({ slot }: JournaledSlot): AgentError {
  const message = `${slot.operation} (${slot.id}) stops: the slot is no longer as this agent left it.`;
  return new AgentError('SLOT_CHANGED', message, { remedy: 'Nothing: whoever has changed it goes on.' });
}
