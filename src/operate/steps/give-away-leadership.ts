import { type OperationContext, OperationStopped } from '../operation.ts';
import { handOver, transfereeOf } from './hand-over.ts';
import type { Parts } from './parts.ts';
import { steadyState, wellVoters } from './steady-state.ts';

/**
 * Has another voter lead before a member goes: else writes wait for an election. Nothing is done where it does not lead.
 * @throws OperationStopped `NO_TRANSFEREE`; and as `handOver`
 */
export async function giveAwayLeadership(memberId: string, context: OperationContext, parts: Parts): Promise<void> {
  const state = await steadyState(context, parts);
  const from = state.members.find(({ id }) => id === memberId);
  if (from === undefined || state.leaderId !== memberId) return;
  const to = transfereeOf(state, memberId);
  if (to === undefined) {
    throw new OperationStopped('NO_TRANSFEREE', `${from.name} leads, and no other voter is fit to`, {
      member: from.name,
    });
  }
  const led = { ...state, members: wellVoters(state) };
  await handOver({ from, to, state: led, why: ', which is to go' }, context, parts);
}
