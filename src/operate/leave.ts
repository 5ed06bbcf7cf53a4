import { faultOf } from '../cluster/agent-error.ts';
import type { Operation, OperationContext, OperationResult } from './operation.ts';
import { askAgent } from './steps/ask-agent.ts';
import { giveAwayLeadership } from './steps/give-away-leadership.ts';
import { textParameter } from './steps/newcomer.ts';
import type { MembershipParts } from './steps/parts.ts';
import { removeFromList } from './steps/remove-member.ts';

/**
 * Has a member leave, as a person has asked: the raft leadership moves away from it, it is removed, and its agent stops its
 * process and keeps it out. Where no agent is beside it, etcd ends by itself once it hears of it.
 */
export function leaveOperation(parts: MembershipParts): Operation {
  return { name: 'leave', version: 1, run: (context) => leave(context, parts) };
}

async function leave(context: OperationContext, parts: MembershipParts): Promise<OperationResult> {
  const { slot } = context;
  const memberId = textParameter(slot, 'member');
  const name = textParameter(slot, 'name');
  const { agentId } = slot.parameters;
  await giveAwayLeadership(memberId, context, parts);
  await removeFromList({ memberId, name, byPerson: slot.requestedBy !== undefined }, context, parts);
  const stopped =
    typeof agentId === 'string'
      ? await askAgent('stop-member', { name, agentId }, context, parts).then(
          () => 'and its agent keeps it out',
          (error: unknown) => {
            const { code, message } = faultOf(error);
            if (code !== 'AGENT_MISSING' && code !== 'PAUSED') throw error;
            return `but its agent was not told to keep it out: ${message}`;
          },
        )
      : 'and no agent is beside it';
  return { outcome: 'succeeded', summary: `${name} (${memberId}) is no member any more, ${stopped}.` };
}
