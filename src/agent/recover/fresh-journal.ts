import type { HistoryEntry } from '../../cluster/caretaking.ts';
import type { MemberClient } from '../../etcd/member-client.ts';
import type { TxnChange } from '../../etcd/txn.ts';
import type { JournalKeys } from '../../journal/keys.ts';
import { encodeArmed, parseArmed } from '../../journal/records/armed.ts';
import { encodeHistory } from '../../journal/records/history.ts';
import type { Recovered } from './ports.ts';

/** Of the cluster that was begun. */
export interface Renewed {
  /** All of its members. */
  readonly ids: readonly string[];
  /** The one that it was begun with. */
  readonly own: string;
  readonly recovered: Recovered;
}

/**
 * Has the journal that came back with the data go on in the cluster that was begun with it: the operation that was under way names members
 * that are no more, and is dropped; the new member list is the agents' own doing; and the recovery is written into the history. Gives what it changed, a word each. Throws what etcd does.
 */
export async function freshJournal(
  client: Pick<MemberClient, 'range' | 'txn'>,
  keys: Pick<JournalKeys, 'slot' | 'armed' | 'history'>,
  { ids, own, recovered }: Renewed,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const [slots, armeds] = await Promise.all([
    client.range({ key: keys.slot }, signal),
    client.range({ key: keys.armed }, signal),
  ]);
  const [slot] = slots.kvs;
  const [armed] = armeds.kvs;
  const record = armed === undefined ? undefined : parseArmed(armed.value);
  const changes: (TxnChange & { readonly word: string })[] = [
    ...(slot === undefined ? [] : [{ delete: keys.slot, word: 'slot' }]),
    ...(record === undefined || !('record' in record)
      ? []
      : [{ put: keys.armed, value: encodeArmed({ ...record.record, members: ids }), word: 'armed' }]),
  ];
  if (changes.length > 0) {
    await client.txn({ compare: [], changes: changes.map(({ word: _, ...change }) => change) }, signal);
  }
  // By itself: a full store still lets go of the slot.
  const { revision } = slots.header;
  const value = encodeHistory(entryOf(recovered, own, revision));
  await client.txn({ compare: [], changes: [{ put: keys.history(revision), value }] }, signal);
  return [...changes.map(({ word }) => word), 'history'];
}

function entryOf({ plan, detail }: Recovered, own: string, revision: bigint): HistoryEntry {
  const { id, atMs, bound, toRevision, lost } = plan;
  const { revisions, seconds, basis } = bound;
  const endedAtMs = Date.now();
  const bounded =
    seconds === undefined ? {} : { mayBeMissingRevisions: Number(revisions), mayBeMissingSeconds: seconds };
  return {
    ...{ revision, id, operation: toRevision === undefined ? 'recover' : 'restore-cluster', outcome: 'succeeded' },
    ...{ epoch: 0n, holder: own, targets: [own], steps: [] },
    ...{ startedAtMs: atMs, endedAtMs, seconds: Math.max(0, endedAtMs - atMs) / 1000 },
    reasons: [basis, ...lost.map(({ name }) => `${name} was given up`)],
    summary: detail,
    figures: toRevision === undefined ? bounded : {},
  };
}
