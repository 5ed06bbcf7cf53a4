import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { ClusterState, MemberState } from '../../cluster/state.ts';
import type { OperationContext } from '../operation.ts';
import { stillLedAs } from './gate.ts';
import type { Parts } from './parts.ts';
import { MOST_LAG_ENTRIES } from './unsafe.ts';

/** How long etcd may take until the new raft leader leads; normally it takes a few round trips. */
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
  return (
    state.members
      .filter(({ id, isLearner, reachable, healthy }) => id !== leaderId && !isLearner && reachable && healthy)
      // Where no agent is registered nobody knows whether it is an arbiter.
      .filter(({ agent }) => agent !== undefined && agent.role !== 'arbiter')
      .filter(({ lagEntries }) => lagEntries !== undefined && lagEntries <= MOST_LAG_ENTRIES)
      .filter(fits)
      .toSorted((a, b) => (fsync(a) === fsync(b) ? 0 : fsync(a) - fsync(b)))[0]
  );
}

/**
 * Moves the raft leadership, as a step of its own, and comes back when the other member leads. Where the answer is lost,
 * what the members say counts.
 * @param state as it was when `from` was found to lead: where that has changed nothing is done
 * @throws AgentError `MOVE_LEADER_FAILED`; OperationStopped `LEADER_CHANGED`
 */
export async function handOver(
  { from, to, state, why }: { from: MemberState; to: MemberState; state: ClusterState; why: string },
  context: OperationContext,
  { effects, timing }: Parts,
): Promise<void> {
  const { signal } = context;
  const toId = to.id;
  let refused: unknown;
  const step = {
    name: 'move-leader',
    memberId: toId,
    detail: `from ${from.name} to ${to.name}${why}`,
    ready: () => stillLedAs(state, { effects, timing }, signal),
  };
  await context.step(step, async (permit) => {
    await effects.moveLeader(from.id, toId, permit).catch((error: unknown) => {
      refused = error;
    });
    permit.check();
  });
  const endMs = performance.now() + WITHIN_MS;
  for (;;) {
    const status = await effects.status(toId, signal).catch(() => undefined);
    if (status?.leaderId === toId) return;
    signal.throwIfAborted();
    if (performance.now() > endMs) break;
    await sleep(Math.min(timing.pollMs, 200), undefined, { signal });
  }
  const reason =
    refused === undefined ? `it did not come to lead within ${WITHIN_MS / 1000} s` : faultOf(refused).message;
  throw new AgentError('MOVE_LEADER_FAILED', `The raft leadership was not moved to ${to.name}: ${reason}`, {
    member: to.name,
    cause: refused,
    remedy: 'Look at the health and the links of this member; the former leader leads on.',
  });
}
