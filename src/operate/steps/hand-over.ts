import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { ClusterState, MemberState } from '../../cluster/state.ts';
import type { Effects, Reads } from '../effects.ts';
import type { OperationContext } from '../operation.ts';
import type { OperateTiming } from '../timing.ts';
import { MOST_LAG_ENTRIES } from './unsafe.ts';

/** How long etcd may take until the new raft leader leads; it takes a few round trips. */
const WITHIN_MS = 10_000;

/**
 * Who may lead instead: a healthy voter that is caught up, beside no arbiter's agent, the fastest WAL first. A learner is
 * never one (etcd would refuse it; etcd-defrag picks them).
 */
export function transfereeOf(
  state: ClusterState,
  leaderId: string,
  fits: (member: MemberState) => boolean = () => true,
): MemberState | undefined {
  const fsync = ({ observed }: MemberState): number => observed?.walFsyncP99Seconds ?? Number.POSITIVE_INFINITY;
  return state.members
    .filter(({ id, isLearner, reachable, healthy }) => id !== leaderId && !isLearner && reachable && healthy)
    .filter(({ agent, lagEntries = 0n }) => agent?.role !== 'arbiter' && lagEntries <= MOST_LAG_ENTRIES)
    .filter(fits)
    .toSorted((a, b) => (fsync(a) === fsync(b) ? 0 : fsync(a) - fsync(b)))[0];
}

/**
 * Moves the raft leadership, as a step of its own, and comes back when the other member leads. Where the answer is lost,
 * what the members say counts.
 * @throws AgentError `MOVE_LEADER_FAILED`
 */
export async function handOver(
  { fromId, toId, detail }: { readonly fromId: string; readonly toId: string; readonly detail: string },
  context: OperationContext,
  { effects, timing }: { effects: Effects & Reads; timing: OperateTiming },
): Promise<void> {
  const { signal } = context;
  let refused: unknown;
  await context.step({ name: 'move-leader', memberId: toId, detail }, async () => {
    await effects.moveLeader(fromId, toId, signal).catch((error: unknown) => {
      refused = error;
    });
  });
  const endMs = performance.now() + WITHIN_MS;
  for (;;) {
    const status = await effects.status(toId, signal).catch(() => undefined);
    if (status?.leaderId === toId) return;
    signal.throwIfAborted();
    if (performance.now() > endMs) break;
    await sleep(Math.min(timing.pollMs, 200), undefined, { signal });
  }
  const why = refused === undefined ? `${toId} did not come to lead` : faultOf(refused).message;
  throw new AgentError('MOVE_LEADER_FAILED', `The raft leadership was not moved to ${toId}: ${why}`, {
    member: toId,
    cause: refused,
    remedy: 'Look at the health and the links of this member; the former leader leads on.',
  });
}
