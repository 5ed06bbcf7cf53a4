import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf } from '../cluster/agent-error.ts';
import type { Reason, Slot } from '../cluster/caretaking.ts';
import type { MemberState } from '../cluster/state.ts';
import type { Operation, OperationContext, OperationResult } from './operation.ts';
import { doubtAfter } from './steps/after-version.ts';
import { giveBack, givingBack } from './steps/give-back.ts';
import { textParameter } from './steps/newcomer.ts';
import { oneByOne } from './steps/one-by-one.ts';
import { parameterWrong } from './steps/parameters.ts';
import type { PodSetParts } from './steps/parts.ts';
import { ROLL_POD, rollPod } from './steps/roll-pod.ts';
import { safetySnapshot } from './steps/safety-snapshot.ts';
import { holdPodsBack, type InPod, podSetOf, type Rollout, seenSet } from './steps/set-watch.ts';

/** So long Kubernetes may take to see that all pods are of the newest template, and ready. */
const CURRENT_WITHIN_MS = 5 * 60_000;

/**
 * Brings the pods of the targets to the newest template of their StatefulSet, the highest ordinal first, as the set's partition has it: it is
 * lowered for one pod at a time, raised again once that one is made, and at the end, whatever the end is. The first doubt ends it; a pod that does not serve is given back
 * the template before. Without targets it only raises a partition that was left lowered.
 */
export function rolloutOperation(parts: PodSetParts): Operation {
  return { name: 'rollout', version: 1, run: (context) => rollout(context, { ...parts, pods: podSetOf(parts) }) };
}

async function rollout(context: OperationContext, parts: InPod): Promise<OperationResult> {
  const { slot } = context;
  if (slot.targets.length === 0) {
    await holdPodsBack({ partition: partitionOf(slot) }, context, parts);
    return { outcome: 'succeeded', summary: 'The pods are held back again: an earlier rollout had left that undone.' };
  }
  const plan = planOf(slot);
  try {
    return await turns(plan, context, parts);
  } catch (error) {
    // Where the term is over the next leader goes on.
    context.signal.throwIfAborted();
    await holdPodsBack(plan, context, parts).catch((also: unknown) => {
      context.log('the partition was not raised again', { ...faultOf(also) });
    });
    throw error;
  }
}

async function turns(plan: Rollout, context: OperationContext, parts: InPod): Promise<OperationResult> {
  const targets = [...new Set(context.slot.targets)];
  const found = doubtBefore(context);
  if (found !== undefined) {
    await holdPodsBack(plan, context, parts);
    return { outcome: 'stopped', ...found };
  }
  const left = givingBack(context);
  const member = left === undefined ? undefined : (await context.observe()).members.find(({ id }) => id === left);
  if (member !== undefined) {
    const what = await giveBack(member, plan, { neverRan: false }, context, parts);
    const summary = `The pod ${member.name} did not serve with the newest template; ${what}.`;
    return { outcome: 'stopped', code: 'POD_NOT_SERVING', summary };
  }
  // As late as can be: it is the way back.
  if (context.slot.steps.every(({ name }) => name !== ROLL_POD)) await safetySnapshot(context, parts);
  const { done, stopped } = await oneByOne(
    {
      targets,
      inOrder: true,
      step: ROLL_POD,
      why: 'is made anew',
      withoutSpare: parts.restartWithoutSpare,
      take: (each) => rollPod(each, plan, context, parts),
      look: (each) => doubtAbout(each, plan, context, parts),
    },
    context,
    parts,
  );
  const late = stopped ?? (await untilCurrent(plan, context, parts));
  const text = `${done.length} of ${targets.length} pods were brought to the newest template`;
  if (late === undefined) {
    await holdPodsBack(plan, context, parts);
    return { outcome: 'succeeded', summary: `${text}.` };
  }
  const result = { code: late.code, summary: `${text}; it stopped because ${late.message.replace(/\.$/, '')}.` };
  // Before anything else: whoever goes on from here must not go on with a template that was found wanting.
  await context.note({ [DOUBT]: result });
  await holdPodsBack(plan, context, parts);
  return { outcome: 'stopped', ...result };
}

/** Of the slot's progress: what it has stopped for, though it has not ended yet. */
const DOUBT = 'doubt';

function doubtBefore({ slot }: OperationContext): { readonly code: string; readonly summary: string } | undefined {
  const { [DOUBT]: doubt } = slot.progress;
  if (typeof doubt !== 'object' || doubt === null) return undefined;
  const [code, summary]: unknown[] = [Reflect.get(doubt, 'code'), Reflect.get(doubt, 'summary')];
  return typeof code === 'string' && typeof summary === 'string' ? { code, summary } : undefined;
}

/** Waits until Kubernetes makes lost pods of the newest template too; gives why it does not. */
async function untilCurrent(plan: Rollout, context: OperationContext, parts: InPod): Promise<Reason | undefined> {
  const { signal } = context;
  const untilMs = performance.now() + CURRENT_WITHIN_MS;
  for (;;) {
    const { currentRevision, pods, name } = await seenSet(plan, context, parts);
    if (currentRevision === undefined || currentRevision === plan.revision) return undefined;
    if (performance.now() > untilMs) {
      const late = pods.filter(({ found }) => found?.isReady !== true).map((pod) => pod.name);
      const message = `Kubernetes does not count ${name} as rolled out: ${late.join(', ') || 'no pod'} is not ready`;
      return { code: 'ROLLOUT_NOT_CURRENT', message };
    }
    await sleep(parts.timing.pollMs, undefined, { signal });
  }
}

/** Etcd is as it should be, the template is still the same, and there is an agent beside it again: its image may be another one, too. */
async function doubtAbout(
  member: MemberState,
  plan: Rollout,
  context: OperationContext,
  parts: InPod,
): Promise<Reason | undefined> {
  const { signal } = context;
  const untilMs = performance.now() + parts.timing.agentBackMs;
  for (;;) {
    const { members } = await context.observe();
    if (members.find(({ id }) => id === member.id)?.agent !== undefined) break;
    if (performance.now() > untilMs) {
      return { code: 'AGENT_NOT_BACK', message: `etcd of ${member.name} serves, and no agent is beside it any more` };
    }
    await sleep(parts.timing.pollMs, undefined, { signal });
  }
  await seenSet(plan, context, parts);
  return await doubtAfter(member, plan.to, context, parts);
}

function partitionOf(slot: Slot): number {
  const { partition } = slot.parameters;
  if (typeof partition !== 'number') throw parameterWrong(slot, 'has no partition in its parameters');
  return partition;
}

function planOf(slot: Slot): Rollout {
  const { indexes } = slot.parameters;
  if (typeof indexes !== 'object' || indexes === null) throw parameterWrong(slot, 'has no indexes in its parameters');
  return {
    revision: textParameter(slot, 'revision'),
    to: textParameter(slot, 'to'),
    partition: partitionOf(slot),
    indexOf: (memberId) => {
      const index = Reflect.get(indexes, memberId);
      if (typeof index !== 'number') throw parameterWrong(slot, `has no index of ${memberId} in its parameters`);
      return index;
    },
  };
}
