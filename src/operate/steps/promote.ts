import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf } from '../../cluster/agent-error.ts';
import type { ClusterState } from '../../cluster/state.ts';
import { type OperationContext, OperationStopped } from '../operation.ts';
import { changeMembers } from './change-members.ts';
import { followLearner } from './follow-learner.ts';
import type { AskedAgent } from './newcomer.ts';
import type { Parts } from './parts.ts';
import { removeFromList } from './remove-member.ts';

/** Etcd counts what the raft leader knows of the learner, which may lag behind what it says itself. */
const ATTEMPTS = 20;

/**
 * Waits until a learner of the agents' own is close to the raft leader. One that does not come on is taken off the list
 * again: it has no vote, and nothing hangs on it. Gives the state in which it was found close.
 * @throws OperationStopped `LEARNER_STALLED`, `LEARNER_GONE`
 */
export async function untilClose(
  learnerId: string,
  { name }: AskedAgent,
  context: OperationContext,
  parts: Parts,
): Promise<ClusterState> {
  const { end, state } = await followLearner(learnerId, context, parts);
  if (end !== 'stalled') return state;
  await removeFromList({ memberId: learnerId, name, byPerson: false }, context, parts);
  const message = `the learner of ${name} did not come on, and was taken off the list again`;
  throw new OperationStopped('LEARNER_STALLED', message, { member: name });
}

/**
 * Gives a learner of the agents' own its vote, and comes back when the list says so. While etcd finds that it lags it is
 * followed on.
 * @throws AgentError `MEMBERSHIP_REFUSED` with what etcd said; and as `untilClose`
 */
export async function giveVote(
  learnerId: string,
  agent: AskedAgent,
  context: OperationContext,
  parts: Parts,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const seen = await untilClose(learnerId, agent, context, parts);
    try {
      await promoteOnce({ learnerId, agent, seen }, context, parts);
      return;
    } catch (error) {
      if (faultOf(error).code !== 'MEMBERSHIP_REFUSED' || attempt === ATTEMPTS) throw error;
      await sleep(parts.timing.pollMs, undefined, { signal: context.signal });
    }
  }
}

async function promoteOnce(
  { learnerId, agent: { name }, seen }: { learnerId: string; agent: AskedAgent; seen: ClusterState },
  context: OperationContext,
  parts: Parts,
): Promise<void> {
  await changeMembers(
    {
      step: { name: 'promote', memberId: learnerId, detail: name },
      found: ({ members }) => {
        const listed = members.find(({ id }) => id === learnerId);
        if (listed !== undefined) return listed.isLearner ? undefined : true;
        throw new OperationStopped('LEARNER_GONE', `the learner of ${name} was removed by somebody else`);
      },
      call: (permit) => parts.effects.promoteLearner(learnerId, permit),
      attempts: 1,
      seen,
    },
    context,
    parts,
  );
}
