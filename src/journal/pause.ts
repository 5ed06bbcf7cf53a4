import { AgentError } from '../cluster/agent-error.ts';
import type { PauseRecord } from '../cluster/caretaking.ts';
import { EtcdError } from '../etcd/errors.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import type { TxnCompare } from '../etcd/txn.ts';
import type { KeyValue } from '../etcd/types.ts';
import { certainTxn } from './certain-txn.ts';
import type { JournalKeys } from './keys.ts';
import { encodeRecord } from './records/format.ts';
import { encodePause } from './records/pause.ts';

/** How often a pause is tried again where other people say pause or resume at the same moment. */
const ATTEMPTS = 5;

/** What a person says with a pause. */
export interface PauseWish {
  readonly reason: string;
  readonly by: string;
  /** Etcd counts in whole seconds, and takes no less than about 1.5 election timeouts. */
  readonly forMs: number;
}

/** A pause as it stands, or the end of one. */
export interface PauseWritten {
  readonly pause: PauseRecord;
  readonly revision: bigint;
}

/**
 * Pauses everything, in place of a pause that stands: the key is under a lease as long as the pause, which nobody keeps
 * alive, so etcd's own clock ends it. Throws `PAUSE_CONTENDED`, `JOURNAL_UNCERTAIN`, or what etcd refuses with; under NOSPACE
 * it cannot be written: that is what the local file is for.
 */
export async function pause(
  client: MemberClient,
  keys: JournalKeys,
  { reason, by, forMs }: PauseWish,
  signal?: AbortSignal,
): Promise<PauseWritten> {
  const { id: lease } = await client.grantLease(Math.ceil(forMs / 1000), signal);
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const former = await standing(client, keys, signal);
      const atMs = Date.now();
      const record: PauseRecord = { reason, by, atMs, untilMs: atMs + forMs };
      const value = encodePause(record);
      const { succeeded, revision } = await certainTxn(
        client,
        {
          compare: [{ key: keys.pause, modRevision: former?.modRevision ?? 0n }],
          changes: [{ put: keys.pause, value, lease }],
          witness: { key: keys.pause, value },
        },
        signal,
      );
      if (succeeded) {
        await forgetLease(client, former);
        return { pause: record, revision };
      }
    }
    throw new AgentError('PAUSE_CONTENDED', 'The pause was not written: others keep changing it.', {
      remedy: 'Look at what stands there now, and try again.',
    });
  } catch (error) {
    // Where it was written after all, this ends it: whoever was told that it failed does not expect a pause.
    await client.revokeLease(lease).catch(() => undefined);
    throw error;
  }
}

/**
 * Ends the pause that stands, if one does, and closes the breakers; gives the revision at which that was said. Under NOSPACE
 * nothing can be put, but a token can go, which says the same to all who watch; where none is left it throws `ETCD_NOSPACE`.
 * Throws `PAUSE_CHANGED` where somebody else says pause or resume at the same moment, `JOURNAL_UNCERTAIN`, or what etcd
 * refuses with.
 */
export async function resume(
  client: MemberClient,
  keys: JournalKeys,
  by: string,
  signal?: AbortSignal,
): Promise<bigint> {
  const former = await standing(client, keys, signal);
  const value = encodeRecord({ by, atMs: Date.now() });
  const compare: readonly TxnCompare[] = [{ key: keys.pause, modRevision: former?.modRevision ?? 0n }];
  const gone = { delete: keys.pause };
  const said = await certainTxn(
    client,
    { compare, changes: [gone, { put: keys.resumed, value }], witness: { key: keys.resumed, value } },
    signal,
  ).catch(async (error: unknown) => {
    if (!(error instanceof EtcdError) || error.code !== 'ETCD_NOSPACE') throw error;
    const [token] = (await client.range(keys.resumeTokens, signal)).kvs;
    if (token === undefined) throw error;
    const { key } = token;
    return certainTxn(
      client,
      { compare: [...compare, { key, versionAbove: 0n }], changes: [gone, { delete: key }], witness: { key } },
      signal,
    );
  });
  if (!said.succeeded) {
    throw new AgentError(
      'PAUSE_CHANGED',
      'Nothing was resumed: somebody else said pause or resume at the same moment.',
      {
        remedy: 'Look with `etcd-caretaker explain` at what stands there now, and say it again if it is to go.',
      },
    );
  }
  await forgetLease(client, former);
  return said.revision;
}

async function standing(
  client: MemberClient,
  keys: JournalKeys,
  signal: AbortSignal | undefined,
): Promise<KeyValue | undefined> {
  return (await client.range({ key: keys.pause }, signal)).kvs[0];
}

/** Nothing stands under it any more; where it is not revoked it runs out. */
async function forgetLease(client: MemberClient, former: KeyValue | undefined): Promise<void> {
  if (former !== undefined && former.lease !== 0n) await client.revokeLease(former.lease).catch(() => undefined);
}
