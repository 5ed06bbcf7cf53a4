import type { Operation, OperationContext, OperationResult } from './operation.ts';
import { handOver, transfereeOf } from './steps/hand-over.ts';
import type { Parts } from './steps/parts.ts';

/** Moves the raft leadership off the member in the parameter `from`, to the first target that still may take it. */
export function moveLeaderOperation(parts: Parts): Operation {
  return { name: 'move-leader', version: 1, run: (context) => move(context, parts) };
}

async function move(context: OperationContext, parts: Parts): Promise<OperationResult> {
  const { targets, parameters } = context.slot;
  const state = await context.observe();
  const from = state.members.find(({ id }) => id === state.leaderId);
  if (from === undefined) {
    return { outcome: 'stopped', code: 'NO_RAFT_LEADER', summary: 'The members agree on no raft leader.' };
  }
  if (targets.includes(from.id)) return { outcome: 'succeeded', summary: `${from.name} leads.` };
  if (typeof parameters['from'] === 'string' && from.id !== parameters['from']) {
    const summary = `${from.name} leads by now: the leadership that was to be moved is somebody else's.`;
    return { outcome: 'stopped', code: 'LEADER_CHANGED', summary };
  }
  const corrupt = state.alarms.some(({ alarm }) => alarm === 'CORRUPT');
  const fit = state.linearizable && !state.alarmsUnknown && !corrupt;
  const to = fit ? transfereeOf(state, from.id, ({ id }) => targets.includes(id)) : undefined;
  if (to === undefined) {
    const summary = fit
      ? 'No member that was to lead is healthy, caught up and no arbiter.'
      : 'The cluster is in no state for it: no quorum confirmed the member list, or CORRUPT is raised.';
    return { outcome: 'stopped', code: 'NO_TRANSFEREE', summary };
  }
  await handOver({ from, to, state, why: '' }, context, parts);
  return { outcome: 'succeeded', summary: `The raft leadership moved from ${from.name} to ${to.name}.` };
}
