import { AgentError } from '../cluster/agent-error.ts';
import type { AgentRecord } from '../cluster/caretaking.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import type { KeyValue } from '../etcd/types.ts';
import { certainTxn } from '../journal/certain-txn.ts';
import type { JournalKeys } from '../journal/keys.ts';
import { encodeAgent, parseAgent } from '../journal/records/agent.ts';

/**
 * Writes an agent's own record under its lease; gives the revision at which it was created. A record that this very agent
 * has left under an earlier lease is taken away first; that of another one stays: `AGENT_DUPLICATE`, as long as its lease
 * lives. A record that cannot be read is somebody else's too: `AGENT_RECORD_UNREADABLE`.
 */
export async function writeOwnRecord(
  client: MemberClient,
  keys: JournalKeys,
  record: AgentRecord,
  lease: bigint,
  signal: AbortSignal,
): Promise<bigint> {
  const key = keys.agent(record.memberId);
  const value = encodeAgent(record);
  const put = {
    compare: [{ key, createRevision: 0n }],
    changes: [{ put: key, value, lease }],
    witness: { key, value },
  };
  const first = await certainTxn(client, put, signal);
  if (first.succeeded) return first.revision;
  const [found] = (await client.range({ key }, signal)).kvs;
  if (found !== undefined) {
    refuseOthers(record, found);
    const { modRevision } = found;
    await certainTxn(client, { compare: [{ key, modRevision }], changes: [{ delete: key }], witness: { key } }, signal);
  }
  const second = await certainTxn(client, put, signal);
  if (second.succeeded) return second.revision;
  throw duplicate(record, 'Another agent was registered beside the same member at the same moment.');
}

function refuseOthers(own: AgentRecord, found: KeyValue): void {
  const parsed = parseAgent(found.value);
  if (parsed.kind !== 'record') {
    const message = `The record ${found.key} cannot be read. ${parsed.message}`;
    throw new AgentError('AGENT_RECORD_UNREADABLE', message, {
      member: own.member,
      remedy: 'Where no agent of another version is beside this member, delete the key.',
    });
  }
  const { instance, version, startedAtMs } = parsed.record;
  if (instance === own.instance) return;
  const since = new Date(startedAtMs).toISOString();
  throw duplicate(own, `Another agent (version ${version}, started at ${since}) is registered beside the same member.`);
}

function duplicate({ member }: AgentRecord, message: string): AgentError {
  return new AgentError('AGENT_DUPLICATE', message, {
    member,
    remedy: 'Stop one of them. Where the other was killed a moment ago wait: its record goes with its lease.',
  });
}
