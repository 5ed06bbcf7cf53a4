import { AgentError } from '../cluster/agent-error.ts';
import type { HistoryEntry, RequestRecord } from '../cluster/caretaking.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import type { TxnChange } from '../etcd/txn.ts';
import { certainTxn } from './certain-txn.ts';
import { dropKeys } from './drop-keys.ts';
import { guardedTxn } from './guarded-txn.ts';
import type { JournalKeys } from './keys.ts';
import { encodeHistory } from './records/history.ts';
import { encodeRequest } from './records/request.ts';
import type { Term } from './term.ts';

/**
 * Asks the leader for an operation; gives the revision of the request. Its id must be new: an operation that comes of it
 * has the same one, by which a request that arrives twice is recognised. Throws `REQUEST_EXISTS`, `JOURNAL_UNCERTAIN`, or
 * what etcd refuses with.
 */
export async function putRequest(
  client: MemberClient,
  keys: JournalKeys,
  record: RequestRecord,
  signal?: AbortSignal,
): Promise<bigint> {
  const key = keys.request(record.id);
  const value = encodeRequest(record);
  const { succeeded, revision } = await certainTxn(
    client,
    { compare: [{ key, createRevision: 0n }], changes: [{ put: key, value }], witness: { key, value } },
    signal,
  );
  if (succeeded) return revision;
  throw new AgentError('REQUEST_EXISTS', `There is a request ${record.id} already.`, { remedy: 'Choose another id.' });
}

/**
 * Answers a request with an entry in the history, without an operation: it was refused. The entry's revision is the
 * request's. Throws `TERM_LOST`, `JOURNAL_UNCERTAIN`, or what etcd refuses with.
 */
export async function answerRequest(
  client: MemberClient,
  keys: JournalKeys,
  term: Term,
  requestId: string,
  entry: HistoryEntry,
  drop: readonly bigint[],
  signal?: AbortSignal,
): Promise<void> {
  const request = keys.request(requestId);
  const key = keys.history(entry.revision);
  const value = encodeHistory(entry);
  const gone: readonly TxnChange[] = drop
    .filter((revision) => revision !== entry.revision)
    .map((revision) => ({ delete: keys.history(revision) }));
  // Where the request is gone somebody has answered it.
  await guardedTxn(
    client,
    term,
    {
      compare: [{ key: request, versionAbove: 0n }],
      changes: [{ delete: request }, ...gone, { put: key, value }],
      witness: { key, value },
    },
    signal,
  );
}

/**
 * Takes away requests that have been dealt with and came to be there again, since their writer had lost the answer: once
 * their history entry is gone nobody could tell any more that they were answered. Throws as `answerRequest` does.
 */
export async function dropStaleRequests(
  client: MemberClient,
  keys: JournalKeys,
  term: Term,
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  await dropKeys(
    client,
    term,
    ids.map((id) => keys.request(id)),
    signal,
  );
}
