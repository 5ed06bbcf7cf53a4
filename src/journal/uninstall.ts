import { AgentError } from '../cluster/agent-error.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import { keyName } from './key-name.ts';
import type { JournalKeys } from './keys.ts';

/** What `uninstall` may do. */
export interface UninstallOptions {
  /** Also while agents are registered (they would write their records again) and while an operation is under way. */
  readonly force?: boolean;
}

/**
 * Deletes everything that agents have written below the prefix; gives the number of keys. Throws `AGENTS_REGISTERED` where
 * agents or an operation are still there, and `EtcdError`. What is deleted is the agents' own: never a key of anybody else.
 */
export async function uninstall(
  client: MemberClient,
  keys: JournalKeys,
  { force = false }: UninstallOptions = {},
  signal?: AbortSignal,
): Promise<number> {
  if (!force) await refuseWhileInUse(client, keys, signal);
  const { deleted } = await client.deleteRange(keys.all.key, keys.all.rangeEnd, signal);
  return deleted;
}

async function refuseWhileInUse(
  client: MemberClient,
  keys: JournalKeys,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { kvs } = await client.range({ ...keys.all, keysOnly: true }, signal);
  const kinds = kvs.map(({ key }) => keyName(key.toString('utf8').slice(keys.prefix.length)).kind);
  const agents = kinds.filter((kind) => kind === 'agent').length;
  if (agents === 0 && !kinds.includes('slot')) return;
  const what = agents > 0 ? `${agents} agents are registered` : 'an operation is journaled as under way';
  throw new AgentError('AGENTS_REGISTERED', `Nothing was deleted below ${keys.prefix}: ${what}.`, {
    remedy: 'Stop all agents first; an agent that was killed is registered until its lease has run out.',
  });
}
