import { AgentError } from '../cluster/agent-error.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import type { TxnReply } from '../etcd/txn.ts';
import { type CertainTxn, certainTxn } from './certain-txn.ts';
import type { Term } from './term.ts';

/**
 * A certain transaction that etcd makes only under this term. `succeeded` is false where a condition of the transaction
 * itself was false. Throws `TERM_LOST` where the term is no longer held or no longer the newest, and what `certainTxn` throws.
 */
export async function guardedTxn(
  client: MemberClient,
  term: Term,
  txn: CertainTxn,
  signal?: AbortSignal,
): Promise<TxnReply> {
  const allowed = (): void => {
    if (!term.held) throw termLost(term);
    txn.allowed?.();
  };
  const reply = await certainTxn(client, { ...txn, allowed, compare: [...term.guard, ...txn.compare] }, signal);
  if (reply.succeeded) return reply;
  // A transaction without changes costs no revision: it only tells whose conditions were false.
  const { succeeded } = await client.txn({ compare: term.guard, changes: [] }, signal);
  if (!succeeded) throw termLost(term);
  return reply;
}

/** The error of whoever no longer holds its term. */
export function termLost({ epoch, holder, lost }: Term): AgentError {
  const message = `The term of epoch ${epoch}, held by ${holder}, is over: nothing more is done under it.`;
  return new AgentError('TERM_LOST', message, {
    remedy: 'Nothing: another agent leads, or will in a moment, and goes on.',
    cause: lost.reason,
  });
}
