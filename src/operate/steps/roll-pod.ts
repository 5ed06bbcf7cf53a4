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
  const what = await giveBack({ id, name }, plan, wrong, context, parts);
  throw new OperationStopped(
    'POD_NOT_SERVING',
    `the pod ${name} does not serve with the newest template (${wrong.what}); ${what}`,
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

/** Why a pod does not serve. */
interface NotServing {
  readonly what: string;
  /** Its etcd has refused to start, and has touched nothing. */
  readonly neverRan: boolean;
}

/**
 * Undefined when it does; else why it does not, after as long as a pod may take. As soon as the pod is of the newest template the partition is raised
 * again: a template that is changed meanwhile would have Kubernetes end the pods that were done before this one.
 */
async function untilItServes(
  { id, name }: Named,
  plan: Rollout,
  context: OperationContext,
  parts: InPod,
): Promise<NotServing | undefined> {
  const { effects, timing } = parts;
  const { signal } = context;
  const untilMs = performance.now() + timing.podServesWithinMs;
  let looks = 0;
  let wrong = 'it was not looked at yet';
  let isMade = false;
  while (performance.now() < untilMs) {
    const { set, pod } = await seenPod(name, plan, context, parts);
    const { found } = pod;
    if (found === undefined) wrong = 'Kubernetes has not made it yet';
    else if (found.isDeleted) wrong = 'the pod before has not ended yet';
    else if (found.revision !== plan.revision) {
      if (isMade) throw new OperationStopped('POD_GONE', `${name} was lost, and made of the template before again`);
      wrong = 'Kubernetes has not ended the pod before yet';
      if (set.partition === undefined || set.partition > plan.indexOf(id)) {
        throw new OperationStopped('PARTITION_CHANGED', `somebody else has changed the partition of ${set.name}`);
      }
      await othersAreThere(id, 0, plan, context, parts);
    } else {
      isMade = true;
      if (set.partition !== plan.partition) await holdPodsBack(plan, context, parts);
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
      if (refused !== undefined) return { what: refused, neverRan: true };
      await othersAreThere(id, LONG_SILENT_SECONDS, plan, context, parts);
    }
    looks += 1;
    if (looks % NODE_LOOKS === 0) await nodeIsThere(name, parts, signal);
    await sleep(timing.pollMs, undefined, { signal });
  }
  return { what: wrong, neverRan: false };
}

/** So many looks at a pod that does not come make one at its node, which takes more calls. */
const NODE_LOOKS = 15;

/** A voter that is silent while a pod comes up: a call that comes late is none. */
const LONG_SILENT_SECONDS = 60;

/** Stops where the pod's node is shown to be gone: nothing is wrong with the template, and letting go of its volume needs the slot. */
async function nodeIsThere(name: string, { pods }: InPod, signal: AbortSignal): Promise<void> {
  // Without the right to look, and while it is not shown: the pod is waited for.
  const gone = await pods.planRelease(name, signal).catch(() => undefined);
  signal.throwIfAborted();
  if (gone !== undefined) throw new OperationStopped('NODE_GONE', `${name} cannot come up: ${gone.proof}`);
}

/** A sentence, where the agent in the pod says that its etcd does not take a flag: it will not in a quarter of an hour either. */
async function flagRefused(id: string, context: OperationContext): Promise<string | undefined> {
  const own = (await context.observe()).members.find((member) => member.id === id)?.observed?.own;
  const end = own?.process.state === 'stopped' ? own.process.end : undefined;
  if (end?.cause !== 'bad-flag') return undefined;
  return `its etcd does not take its flags: ${end.evidence ?? end.how}`;
}

/** Holds the pods back and stops where another voter has gone for longer than this: this one need not go as well, and that one needs the slot. */
async function othersAreThere(
  id: string,
  silentSeconds: number,
  plan: Rollout,
  context: OperationContext,
  parts: InPod,
): Promise<void> {
  const { members } = await context.observe();
  const gone = members.find(
    (each) =>
      each.id !== id &&
      !each.isLearner &&
      !each.reachable &&
      (silentSeconds === 0 || (each.silence?.seconds ?? 0) > silentSeconds),
  );
  if (gone === undefined) return;
  await holdPodsBack(plan, context, parts);
  throw new OperationStopped('MEMBER_DOWN', `${gone.name} does not answer any more`, { member: gone.name });
}
