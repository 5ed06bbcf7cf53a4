import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf } from '../../cluster/agent-error.ts';
import type { ClusterState, MemberState } from '../../cluster/state.ts';
import { type OperationContext, OperationStopped } from '../operation.ts';
import type { Parts } from './parts.ts';

/**
 * A state in which a quorum confirms the member list and the members agree on a raft leader. A change of the list, or a
 * member that goes, brings an election now and then, which is waited for.
 * @throws OperationStopped `NO_QUORUM` where there is none within `settleWithinMs`
 */
export async function steadyState(context: OperationContext, { timing }: Parts): Promise<ClusterState> {
  const { signal } = context;
  const begunMs = performance.now();
  for (;;) {
    const state = await context.observe().catch((error: unknown) => {
      signal.throwIfAborted();
      return { fault: faultOf(error).message };
    });
    if (!('fault' in state) && state.linearizable && state.leaderId !== undefined) return state;
    if (performance.now() - begunMs > timing.settleWithinMs) {
      const why = 'fault' in state ? state.fault : 'no quorum confirms the member list, or there is no raft leader';
      throw new OperationStopped('NO_QUORUM', why);
    }
    await sleep(timing.pollMs, undefined, { signal });
  }
}

/** The voters that take part. @param exceptId the member whose going is being looked at */
export function wellVoters({ members }: ClusterState, exceptId?: string): readonly MemberState[] {
  return members.filter(
    ({ id, isLearner, reachable, healthy }) => id !== exceptId && !isLearner && reachable && healthy,
  );
}
