import { faultOf } from '../cluster/agent-error.ts';
import type { Slot } from '../cluster/caretaking.ts';
import type { Operation, OperationContext, OperationResult } from './operation.ts';
import { doubtAfter } from './steps/after-version.ts';
import { textParameter } from './steps/newcomer.ts';
import { oneByOne } from './steps/one-by-one.ts';
import { parameterWrong } from './steps/parameters.ts';
import type { PodSetParts } from './steps/parts.ts';
import { holdPodsBack, podSetOf, ROLL_POD, type Rollout, rollPod } from './steps/roll-pod.ts';
import { safetySnapshot } from './steps/safety-snapshot.ts';

/**
 * Brings the pods of the targets to the newest template of their StatefulSet, the highest ordinal first, as the set's partition has it: it is
 * lowered by one pod at a time, and raised again at the end, whatever the end is. The first doubt ends it; a pod that does not serve is given back
 * the template before.
 */
export function rolloutOperation(parts: PodSetParts): Operation {
  return { name: 'rollout', version: 1, run: (context) => rollout(context, parts) };
}

async function rollout(context: OperationContext, parts: PodSetParts): Promise<OperationResult> {
  const plan = planOf(context.slot);
  const targets = [...new Set(context.slot.targets)];
  const pods = podSetOf(parts);
  // As late as can be: it is the way back.
  if (context.slot.steps.every(({ name }) => name !== ROLL_POD)) await safetySnapshot(context, parts);
  const turns = {
    targets,
    inOrder: true,
    step: ROLL_POD,
    why: 'is made anew',
    withoutSpare: parts.restartWithoutSpare,
    take: (member) => rollPod(member, plan, context, { ...parts, pods }),
    look: (member) => doubtAfter(member, plan.to, context, parts),
  } as const satisfies Parameters<typeof oneByOne>[0];
  try {
    const { done, stopped } = await oneByOne(turns, context, parts);
    await holdPodsBack(plan, context, pods);
    const text = `${done.length} of ${targets.length} pods were brought to the newest template`;
    return stopped === undefined
      ? { outcome: 'succeeded', summary: `${text}.` }
      : { outcome: 'stopped', code: stopped.code, summary: `${text}; it stopped because ${stopped.message}.` };
  } catch (error) {
    // Where the term is over the next leader goes on.
    context.signal.throwIfAborted();
    await holdPodsBack(plan, context, pods).catch((also: unknown) => {
      context.log('the partition was not raised again', { ...faultOf(also) });
    });
    throw error;
  }
}

function planOf(slot: Slot): Rollout {
  const { partition, indexes } = slot.parameters;
  if (typeof partition !== 'number' || typeof indexes !== 'object' || indexes === null) {
    throw parameterWrong(slot, 'has no partition and indexes in its parameters');
  }
  return {
    revision: textParameter(slot, 'revision'),
    to: textParameter(slot, 'to'),
    partition,
    indexOf: (memberId) => {
      const index = Reflect.get(indexes, memberId);
      if (typeof index !== 'number') throw parameterWrong(slot, `has no index of ${memberId} in its parameters`);
      return index;
    },
  };
}
