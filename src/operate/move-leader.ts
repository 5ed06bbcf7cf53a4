import type { Effects, Reads } from './effects.ts';
import type { Operation } from './operation.ts';
import { handOver, transfereeOf } from './steps/hand-over.ts';
import type { OperateTiming } from './timing.ts';

/** Moves the raft leadership off the member in the parameter `from`, to the first target that still may take it. */
export function moveLeaderOperation(parts: {
  readonly effects: Effects & Reads;
  readonly timing: OperateTiming;
}): Operation {
  return {
    name: 'move-leader',
    version: 1,
    run: async (context) => {
      const { targets, parameters } = context.slot;
      const state = await context.observe();
      const from = state.members.find(({ isLeader }) => isLeader);
      if (from === undefined || (typeof parameters['from'] === 'string' && from.id !== parameters['from'])) {
        const summary = `${from?.name ?? 'Nobody'} leads by now: nothing was to be moved.`;
        return { outcome: 'succeeded', summary };
      }
      const to = transfereeOf(state, from.id, ({ id }) => targets.includes(id));
      if (to === undefined) {
        const summary = `None of the members that were to lead is healthy, caught up and no arbiter any more.`;
        return { outcome: 'stopped', code: 'NO_TRANSFEREE', summary };
      }
      await handOver({ fromId: from.id, toId: to.id, detail: `from ${from.name} to ${to.name}` }, context, parts);
      return { outcome: 'succeeded', summary: `The raft leadership moved from ${from.name} to ${to.name}.` };
    },
  };
}
