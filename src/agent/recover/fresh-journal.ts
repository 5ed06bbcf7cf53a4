import type { MemberClient } from '../../etcd/member-client.ts';
import type { TxnChange } from '../../etcd/txn.ts';
import type { JournalKeys } from '../../journal/keys.ts';
import { encodeArmed, parseArmed } from '../../journal/records/armed.ts';

/**
 * Has the journal that came back with the data go on in the cluster that was begun with it: the operation that was under way names members
 * that are no more, and is dropped; and the new member list is the agents' own doing. Gives what it changed, a word each. Throws what etcd does.
 */
export async function freshJournal(
  client: Pick<MemberClient, 'range' | 'txn'>,
  keys: Pick<JournalKeys, 'slot' | 'armed'>,
  memberIds: readonly string[],
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
      : [{ put: keys.armed, value: encodeArmed({ ...record.record, members: memberIds }), word: 'armed' }]),
  ];
  if (changes.length === 0) return [];
  await client.txn({ compare: [], changes: changes.map(({ word: _, ...change }) => change) }, signal);
  return changes.map(({ word }) => word);
}
