import type { ClusterState } from '../../cluster/state.ts';
import { disarm } from '../../etcd/maintenance-calls.ts';
import type { MemberClient } from '../../etcd/member-client.ts';
import { termLost } from '../../journal/guarded-txn.ts';
import type { Term } from '../../journal/term.ts';

/**
 * Takes back CORRUPT of exactly the member that is to be replaced now. While it is raised etcd refuses every write, so the
 * operation could not be written down. That its data are wrong stands in the history as the figures of a hash check, on which
 * the policy has decided: if this agent dies now, the next leader decides the same.
 */
export async function admitWrites(
  { alarms }: Pick<ClusterState, 'alarms'>,
  victimId: string,
  { client, term }: { readonly client: MemberClient; readonly term: Term },
  signal: AbortSignal,
): Promise<void> {
  if (!alarms.some(({ memberId, alarm }) => memberId === victimId && alarm === 'CORRUPT')) return;
  const check = (): void => {
    if (!term.held) throw termLost(term);
  };
  await disarm(client, { memberId: victimId, alarm: 'CORRUPT' }, { signal, check });
}
