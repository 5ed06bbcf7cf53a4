import { AgentError } from '../cluster/agent-error.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import type { JournalKeys } from './keys.ts';
import { findOwnKeys, type OwnKeys } from './own-keys.ts';

/** What `uninstall` may do. */
export interface UninstallOptions {
  /** Whatever speaks against it: see `reasonsToKeep`. */
  readonly force?: boolean;
}

/** Why the keys should stay for now, one sentence each; none: they may go. */
export function reasonsToKeep({ agents, operation, foreign, prefix }: OwnKeys): readonly string[] {
  const are = agents.length === 1 ? 'agent is' : 'agents are';
  return [
    ...(agents.length === 0
      ? []
      : [`${agents.length} ${are} registered (${agents.join(', ')}) and would write their keys again.`]),
    ...(operation === undefined ? [] : [`The operation ${operation} is under way: its journal would be lost.`]),
    ...(foreign.count === 0
      ? []
      : [`${foreign.count} keys below ${prefix} are not of this version: ${foreign.some.join(', ')}.`]),
  ];
}

/** Throws `AGENTS_REGISTERED` or `KEYS_NOT_OURS` where something speaks against the removal. */
export function refuseWhileInUse(found: OwnKeys): void {
  const reasons = reasonsToKeep(found);
  if (reasons.length === 0) return;
  const inUse = found.agents.length > 0 || found.operation !== undefined;
  const code = inUse ? 'AGENTS_REGISTERED' : 'KEYS_NOT_OURS';
  throw new AgentError(code, `Nothing was removed below ${found.prefix}. ${reasons.join(' ')}`, {
    remedy: inUse
      ? 'Stop all agents first; one that was killed is registered until its lease (lead.ttl) has run out. --force removes them all the same.'
      : 'Check cluster.keyPrefix, and look at those keys. --force removes them all the same.',
  });
}

/**
 * Deletes everything below the prefix, which passes under NOSPACE too; gives the number of keys. Unless forced, etcd itself
 * refuses it where a leader or an operation has come up since the keys were looked at. Throws what `refuseWhileInUse`
 * throws, and `EtcdError`.
 */
export async function uninstall(
  client: MemberClient,
  keys: JournalKeys,
  { force = false }: UninstallOptions = {},
  signal?: AbortSignal,
): Promise<number> {
  const { key, rangeEnd } = keys.all;
  if (force) return (await client.deleteRange(key, rangeEnd, signal)).deleted;
  const found = await findOwnKeys(client, keys, signal);
  refuseWhileInUse(found);
  const idle = [keys.leader, keys.slot].map((guarded) => ({ key: guarded, version: 0n }));
  const { succeeded } = await client.txn({ compare: idle, changes: [{ delete: key, rangeEnd }] }, signal);
  if (succeeded) return found.total;
  throw new AgentError('AGENTS_REGISTERED', `Nothing was removed below ${keys.prefix}: an agent leads.`, {
    remedy: 'Stop all agents first.',
  });
}
