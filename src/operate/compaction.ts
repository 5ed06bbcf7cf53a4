import { AgentError } from '../cluster/agent-error.ts';
import type { Effects, Reads } from './effects.ts';
import type { Operation, OperationContext } from './operation.ts';
import { compactInBatches } from './steps/compact-batches.ts';
import { knownCompactRevision, revisionParameter } from './steps/revisions.ts';
import type { OperateTiming } from './timing.ts';

/** Deletes history up to the parameter `revision`, in batches. */
export function compactionOperation(parts: {
  readonly effects: Effects & Reads;
  readonly timing: OperateTiming;
}): Operation {
  return {
    name: 'compaction',
    version: 1,
    run: async (context) => {
      const target = revisionParameter(context.slot, 'revision');
      const state = await context.observe();
      refuseUnlessPast(target, state.revision, state.durableRevision, context);
      const from = knownCompactRevision(state);
      if (from >= target)
        return { outcome: 'succeeded', summary: `History before revision ${target} was gone already.` };
      const batches = await context.step(
        { name: 'compact', detail: `history before revision ${target}, of ${state.revision}` },
        () => compactInBatches({ from, target }, { ...parts, signal: context.signal }),
      );
      return {
        outcome: 'succeeded',
        summary: `History before revision ${target} is gone, in ${batches} batches.`,
        figures: { batches },
      };
    },
  };
}

/** Looked at again, since what was decided on may be long ago: never the newest revision, nor what backups still need. */
function refuseUnlessPast(
  target: bigint,
  newest: bigint,
  durable: bigint | undefined,
  context: OperationContext,
): void {
  if (target < newest && (durable === undefined || target <= durable)) return;
  const limit =
    durable !== undefined && target > durable ? `backups are durable up to ${durable}` : `the newest is ${newest}`;
  throw new AgentError('COMPACTION_TOO_FAR', `Revision ${target} is not compacted (${context.slot.id}): ${limit}.`, {
    remedy: 'Nothing: the policy decides anew.',
  });
}
