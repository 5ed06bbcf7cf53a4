import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf } from '../../cluster/agent-error.ts';
import type { MemberState } from '../../cluster/state.ts';
import type { Permit } from '../effects.ts';
import { type OperationContext, OperationStopped } from '../operation.ts';
import type { PodSetPort } from '../pod-set-port.ts';
import { gate } from './gate.ts';
import { giveBack } from './give-back.ts';
import { holdPodsBack, type InPod, type Rollout, seenPod } from './set-watch.ts';

/** The step that lets Kubernetes make a pod anew. */
export const ROLL_POD = 'roll-pod';

/**
 * Has the pod of a member made anew from the newest template, and waits until its etcd serves. As long as the former pod is still there, everybody
 * else is looked at: Kubernetes ends it when it likes. Where the new one does not serve, it is given back the template before.
 * @throws OperationStopped `TEMPLATE_CHANGED`, `PARTITION_CHANGED`, `PODS_NOT_READY`, `POD_GONE`, `POD_NOT_SERVING`, and what the gate says; `KubeError`
 */
export async function rollPod(
  { id, name }: MemberState,
  plan: Rollout,
  context: OperationContext,
  parts: InPod,
): Promise<void> {
  const { found } = (await seenPod(name, plan, context, parts)).pod;
  if (found?.revision !== plan.revision && found?.isDeleted !== true) {
    await mayGo(name, plan, context, parts);
    await context.step({ name: ROLL_POD, memberId: id, detail: `the pod ${name}` }, (permit) =>
      lowered({ index: plan.indexOf(id), atRest: plan.partition, revision: plan.revision }, permit, parts),
    );
  }
  const wrong = await untilItServes({ id, name }, plan, context, parts);
  if (wrong === undefined) return;
  const what = await giveBack({ id, name }, plan, context, parts);
  throw new OperationStopped(
    'POD_NOT_SERVING',
    `the pod ${name} does not serve with the newest template (${wrong}); ${what}`,
    { member: name },
  );
}

async function lowered(
  to: Parameters<PodSetPort['lowerPartition']>[0],
  permit: Permit,
  { pods }: InPod,
): Promise<void> {
  try {
    await pods.lowerPartition(to, permit);
  } catch (error) {
    const { code, message } = faultOf(error);
    if (code !== 'TEMPLATE_CHANGED' && code !== 'PARTITION_CHANGED') throw error;
    throw new OperationStopped(code, message.replace(/\.$/, ''), { cause: error });
  }
}

/** Right before the partition is lowered, also by whoever goes on from a leader that has died: nobody else may be missing. */
async function mayGo(name: string, plan: Rollout, context: OperationContext, parts: InPod): Promise<void> {
  const gated = await gate(context, parts, { withoutSpare: parts.restartWithoutSpare });
  if ('unsafe' in gated) throw new OperationStopped(gated.unsafe.code, gated.unsafe.message);
  const { pods } = (await seenPod(name, plan, context, parts)).set;
  const own = pods.find((pod) => pod.name === name)?.ordinal ?? 0;
  // Kubernetes waits for these, and would bring them to the template first.
  const above = pods.filter(({ ordinal }) => ordinal > own);
  const late = above.find(({ found }) => found?.revision !== plan.revision || !found.isReady || found.isDeleted);
  if (late === undefined) return;
  throw new OperationStopped('PODS_NOT_READY', `${late.name}, whose turn was before, is not there, or not ready`);
}

interface Named {
  readonly id: string;
  readonly name: string;
}

/** Undefined when it does; else why it does not, after as long as a pod may take. */
async function untilItServes(
  { id, name }: Named,
  plan: Rollout,
  context: OperationContext,
  parts: InPod,
): Promise<string | undefined> {
  const { effects, timing } = parts;
  const { signal } = context;
  const untilMs = performance.now() + timing.podServesWithinMs;
  let wrong = 'it was not looked at yet';
  while (performance.now() < untilMs) {
    const { set, pod } = await seenPod(name, plan, context, parts);
    const { found } = pod;
    if (found === undefined) wrong = 'Kubernetes has not made it yet';
    else if (found.isDeleted) wrong = 'the pod before has not ended yet';
    else if (found.revision !== plan.revision) {
      wrong = 'Kubernetes has not ended the pod before yet';
      if (set.partition === undefined || set.partition > plan.indexOf(id)) {
        throw new OperationStopped('PARTITION_CHANGED', `somebody else has changed the partition of ${set.name}`);
      }
      await othersAreThere(id, plan, context, parts);
    } else {
      const version = await effects.status(id, signal).then(
        (status) => status.version,
        (error: unknown) => {
          wrong = faultOf(error).message;
        },
      );
      signal.throwIfAborted();
      // Another version is for the look afterwards to say.
      if (version !== undefined) return undefined;
      const refused = await flagRefused(id, context);
      if (refused !== undefined) return refused;
    }
    await sleep(timing.pollMs, undefined, { signal });
  }
  return wrong;
}

/** A sentence, where the agent in the pod says that its etcd does not take a flag: it will not in a quarter of an hour either. */
async function flagRefused(id: string, context: OperationContext): Promise<string | undefined> {
  const own = (await context.observe()).members.find((member) => member.id === id)?.observed?.own;
  const end = own?.process.state === 'stopped' ? own.process.end : undefined;
  if (end?.cause !== 'bad-flag') return undefined;
  return `its etcd does not take its flags: ${end.evidence ?? end.how}`;
}

/** Holds the pods back and stops where another voter has gone since the partition was lowered: this one need not go as well. */
async function othersAreThere(id: string, plan: Rollout, context: OperationContext, parts: InPod): Promise<void> {
  const { members } = await context.observe();
  const gone = members.find((each) => each.id !== id && !each.isLearner && !each.reachable);
  if (gone === undefined) return;
  await holdPodsBack(plan, context, parts);
  throw new OperationStopped('MEMBER_DOWN', `${gone.name} does not answer any more`, { member: gone.name });
}
