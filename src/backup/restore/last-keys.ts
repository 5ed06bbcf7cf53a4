import { AgentError } from '../../cluster/agent-error.ts';
import type { MemberClient } from '../../etcd/member-client.ts';
import type { DeltaEvent, DeltaRecord } from '../delta/revision-batch.ts';
import { severalAtOnce } from './several-at-once.ts';

/** So many of the keys that were changed last are looked at. */
const KEYS = 500;
const AT_ONCE = 16;

/** Without its value: there may be many, and large ones. */
interface Change {
  readonly revision: bigint;
  readonly event: Pick<DeltaEvent, 'type' | 'key' | 'createRevision' | 'version'>;
}

/**
 * Compares the keys that were changed last with what a replay has made of them: a key of which the version or the create revision is
 * another one was not what the records had been made from, so that they and the full snapshot are of two histories. Throws
 * `REPLAY_DIVERGED`, and what reading throws.
 * @param records of the last segment
 */
export async function checkLastKeys(
  client: Pick<MemberClient, 'range'>,
  records: AsyncIterable<DeltaRecord>,
  toRevision: bigint,
  signal: AbortSignal,
): Promise<void> {
  const last = await lastChanges(records, toRevision);
  await severalAtOnce(last, AT_ONCE, async ({ revision, event }) => {
    const { kvs } = await client.range({ key: event.key, keysOnly: true }, signal);
    const [kv] = kvs;
    const isSame =
      event.type === 'delete'
        ? kv === undefined
        : kv?.modRevision === revision && kv.createRevision === event.createRevision && kv.version === event.version;
    if (!isSame) throw diverged(revision, event);
  });
}

/** Of each key its last one, the newest of them. */
async function lastChanges(records: AsyncIterable<DeltaRecord>, toRevision: bigint): Promise<readonly Change[]> {
  const last = new Map<string, Change>();
  for await (const record of records) {
    if (record.kind === 'lease') continue;
    const { revision, events } = record.batch;
    if (revision > toRevision) break;
    for (const { type, key, createRevision, version } of events) {
      // A copy: what it is a piece of may be large.
      const event = { type, key: Buffer.from(key), createRevision, version };
      const name = key.toString('latin1');
      last.delete(name);
      last.set(name, { revision, event });
    }
    for (const name of last.keys()) {
      if (last.size <= KEYS) break;
      last.delete(name);
    }
  }
  return [...last.values()];
}

function diverged(revision: bigint, { key }: Change['event']): AgentError {
  const name = JSON.stringify(key.toString('utf8').slice(0, 200));
  return new AgentError(
    'REPLAY_DIVERGED',
    `The key ${name}, which revision ${revision} changed, came out in the scratch etcd with another version or create revision.`,
    {
      remedy:
        'The segments do not continue the full snapshot: they may be of a cluster that was restored and went on. Restore to the full snapshot itself (--to-revision, `backup list` has it), or from another store.',
    },
  );
}
