import type { MemberClient } from '../etcd/member-client.ts';
import { guardedTxn } from './guarded-txn.ts';
import type { Term } from './term.ts';

/** Etcd takes 128 changes in one transaction; what is left goes the next time. */
const MOST_DROPPED = 100;

/** Takes keys away that nobody needs any more. Throws `TERM_LOST`, `JOURNAL_UNCERTAIN`, or what etcd refuses with. */
export async function dropKeys(
  client: MemberClient,
  term: Term,
  keys: readonly Buffer[],
  signal?: AbortSignal,
): Promise<void> {
  const [first, ...others] = keys.slice(0, MOST_DROPPED);
  if (first === undefined) return;
  await guardedTxn(
    client,
    term,
    { compare: [], changes: [first, ...others].map((key) => ({ delete: key })), witness: { key: first } },
    signal,
  );
}
