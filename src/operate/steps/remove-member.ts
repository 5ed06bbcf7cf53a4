import { removalKeepsQuorum } from '../../cluster/quorum.ts';
import type { ClusterState } from '../../cluster/state.ts';
import { type OperationContext, OperationStopped } from '../operation.ts';
import { changeMembers } from './change-members.ts';
import type { Parts } from './parts.ts';
import { wellVoters } from './steady-state.ts';

/** Who is to go, and what has to hold for it. */
export interface Removal {
  readonly memberId: string;
  readonly name: string;
  /** A person has agreed to what a cluster of one or two voters means. */
  readonly byPerson: boolean;
  /** Throws where it must not go after all: it is back, say. */
  readonly check?: (state: ClusterState) => void;
}

/**
 * Removes a member, and comes back when the list has it no more. A quorum of those that are well has to be left, now and
 * afterwards. Gives the state that says so.
 * @throws OperationStopped `QUORUM_AT_RISK`, and as `changeMembers`
 */
export async function removeFromList(
  { memberId, name, byPerson, check }: Removal,
  context: OperationContext,
  parts: Parts,
): Promise<ClusterState> {
  const { state } = await changeMembers(
    {
      step: { name: 'remove-member', memberId, detail: name },
      found: (state) => {
        const listed = state.members.find(({ id }) => id === memberId);
        if (listed === undefined) return true;
        check?.(state);
        const wellOthers = wellVoters(state, memberId).length;
        const risk = removalKeepsQuorum({
          voters: state.voters,
          wellOthers,
          isVoter: !listed.isLearner,
          isWell: listed.reachable && listed.healthy,
          byPerson,
        });
        if (risk !== undefined)
          throw new OperationStopped('QUORUM_AT_RISK', `without ${name} ${risk}`, { member: name });
        return undefined;
      },
      call: (permit) => parts.effects.removeMember(memberId, permit),
      exceptId: memberId,
    },
    context,
    parts,
  );
  return state;
}
