import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../abort/linked-abort.ts';
import { AgentError } from '../cluster/agent-error.ts';
import { EtcdError, type EtcdErrorCode } from '../etcd/errors.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import type { TxnReply, TxnRequest } from '../etcd/txn.ts';

/** The answer of a server that has looked at the request and done nothing. Other failures leave the outcome open. */
const REFUSED: ReadonlySet<EtcdErrorCode> = new Set<EtcdErrorCode>([
  'ETCD_AUTH_FAILED',
  'ETCD_AUTH_REQUIRED',
  'ETCD_LEARNER',
  'ETCD_MESSAGE_TOO_LARGE',
  'ETCD_PERMISSION_DENIED',
  'ETCD_TOO_MANY_REQUESTS',
  'ETCD_UNSUPPORTED',
]);

/** Longer than an election that takes its time; only the caller itself waits for it. */
const GIVE_UP_AFTER_MS = 30_000;
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 1000;

/** A transaction whose outcome can be told afterwards. */
export interface CertainTxn extends TxnRequest {
  /**
   * By which a read tells that it went in: a key that then has exactly this value (values hold a token of their own), or,
   * without a value, that is gone. Undefined where nothing tells: then a lost answer ends in `JOURNAL_UNCERTAIN`.
   */
  readonly witness: { readonly key: Buffer; readonly value?: Buffer } | undefined;
  /** Asked before every attempt: throws where it must not be made any more. */
  readonly allowed?: () => void;
}

/**
 * Makes a transaction and comes back knowing whether it was made, whatever happens to the answer: a lost answer is resolved
 * by a read through the quorum, and where the write has not gone in the very same transaction is made again. So its success
 * must either make its own conditions false or do no harm twice: the first attempt may still be on its way.
 *
 * Throws what etcd refuses it with, `JOURNAL_UNCERTAIN` where nothing could be found out before `signal` ended or for 30 s,
 * and what `allowed` throws.
 */
export function certainTxn(client: MemberClient, txn: CertainTxn, signal?: AbortSignal): Promise<TxnReply> {
  return within([signal], GIVE_UP_AFTER_MS, async (until) => {
    /** Why it is not known what became of an earlier attempt. */
    let open: EtcdError | undefined;
    for (let attempt = 0; ; attempt += 1) {
      txn.allowed?.();
      const answer = await client.txn({ compare: txn.compare, changes: txn.changes }, until).catch(etcdError);
      if (!(answer instanceof EtcdError)) {
        if (answer.succeeded || open === undefined) return answer;
        // The conditions may be false because the earlier attempt went in after all.
        return witnessed(client, txn, open, until);
      }
      const final = isRefusal(answer);
      if (final && open === undefined) throw answer;
      if (!final) open = answer;
      // Etcd makes the change that uses up the quota, and answers NOSPACE all the same.
      const reply = await witnessed(client, txn, answer, until);
      if (reply.succeeded) return reply;
      if (final || answer.code === 'ETCD_NOSPACE') throw answer;
      await pause(attempt, until, client, answer);
    }
  });
}

/** Looks for the witness until there is an answer. */
async function witnessed(
  client: MemberClient,
  { witness }: CertainTxn,
  cause: EtcdError,
  until: AbortSignal,
): Promise<TxnReply> {
  if (witness === undefined) throw uncertain(client, cause);
  for (let attempt = 0; ; attempt += 1) {
    const page = await client.range({ key: witness.key }, until).catch(etcdError);
    if (!(page instanceof EtcdError)) {
      const [kv] = page.kvs;
      const succeeded = witness.value === undefined ? kv === undefined : kv?.value.equals(witness.value) === true;
      return { succeeded, revision: succeeded && kv !== undefined ? kv.modRevision : page.header.revision };
    }
    if (isRefusal(page)) throw uncertain(client, page);
    await pause(attempt, until, client, page);
  }
}

function isRefusal({ code, message }: EtcdError): boolean {
  return REFUSED.has(code) || (code === 'ETCD_REFUSED' && message.includes('etcdserver:'));
}

async function pause(attempt: number, until: AbortSignal, client: MemberClient, cause: EtcdError): Promise<void> {
  if (cause.code === 'ETCD_CLOSED') throw uncertain(client, cause);
  const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 10));
  await sleep(pauseMs, undefined, { signal: until }).catch(() => {
    throw uncertain(client, cause);
  });
}

function uncertain({ member }: MemberClient, cause: EtcdError): AgentError {
  const message = `A change of the journal was sent to member ${member}, and nobody can say what became of it: ${cause.message}`;
  return new AgentError('JOURNAL_UNCERTAIN', message, {
    member,
    cause,
    remedy: 'Nothing: what is in the journal is looked at again before anything else is done.',
  });
}

function etcdError(error: unknown): EtcdError {
  if (error instanceof EtcdError) return error;
  throw error;
}
