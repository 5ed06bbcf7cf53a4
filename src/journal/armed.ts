import type { ArmedRecord } from '../cluster/caretaking.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import { guardedTxn } from './guarded-txn.ts';
import type { JournalKeys } from './keys.ts';
import { encodeArmed } from './records/armed.ts';
import type { Term } from './term.ts';

/**
 * Writes down that the agents are armed, and which members there are. Throws `TERM_LOST`, `JOURNAL_UNCERTAIN`, or what etcd
 * refuses with.
 */
export async function writeArmed(
  client: MemberClient,
  keys: JournalKeys,
  term: Term,
  record: ArmedRecord,
  signal?: AbortSignal,
): Promise<void> {
  const value = encodeArmed(record);
  const put = { put: keys.armed, value };
  await guardedTxn(client, term, { compare: [], changes: [put], witness: { key: keys.armed, value } }, signal);
}
