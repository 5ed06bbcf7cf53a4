import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf } from '../../cluster/agent-error.ts';
import type { PodSetView, PodView } from '../../cluster/pod-set.ts';
import type { MemberState } from '../../cluster/state.ts';
import { type OperationContext, OperationStopped } from '../operation.ts';
import type { PodSetPort } from '../pod-set-port.ts';
import type { PodSetParts } from './parts.ts';

/** A controller that is there looks at a change within a second. */
const CONTROLLER_MS = 60_000;

/** The step that lets Kubernetes make a pod anew. */
export const ROLL_POD = 'roll-pod';

/** What a rollout is to come to. */
export interface Rollout {
  /** The revision of the set's template. */
  readonly revision: string;
  /** The version of etcd in it. */
  readonly to: string;
  /** The set's partition when nothing is rolled out. */
  readonly partition: number;
  readonly indexOf: (memberId: string) => number;
}

/** @throws OperationStopped `NOT_IN_STATEFULSET` where this agent is in no pod: another one may lead soon */
export function podSetOf({ pods }: PodSetParts): PodSetPort {
  if (pods !== undefined) return pods;
  throw new OperationStopped('NOT_IN_STATEFULSET', 'the leading agent is in no pod of a StatefulSet');
}

/**
 * Has the pod of a member made anew from the newest template, and waits until its etcd serves. Where it does not, the partition is raised again and
 * the pod ended once more, so that it comes back as it was.
 * @throws OperationStopped `TEMPLATE_CHANGED`, `POD_GONE`, `POD_NOT_SERVING`; `KubeError`
 */
export async function rollPod(
  { id, name }: MemberState,
  plan: Rollout,
  context: OperationContext,
  parts: PodSetParts & { readonly pods: PodSetPort },
): Promise<void> {
  const { pods } = parts;
  const found = (await podNow(name, plan, context, parts).catch(stoppedWhileAway))?.found;
  if (found?.revision !== plan.revision || found.isDeleted) {
    await context.step({ name: ROLL_POD, memberId: id, detail: `the pod ${name}` }, (permit) =>
      pods.setPartition(plan.indexOf(id), permit),
    );
  }
  const wrong = await untilItServes({ id, name }, plan, context, parts);
  if (wrong === undefined) return;
  throw new OperationStopped(
    'POD_NOT_SERVING',
    `the pod ${name} does not serve with the newest template (${wrong}); ${await givenBack({ id, name }, plan, context, parts)}`,
    { member: name },
  );
}

/** Kubernetes brings no pod to the newest template from here on. */
export async function holdPodsBack({ partition }: Rollout, context: OperationContext, pods: PodSetPort): Promise<void> {
  await context.step({ name: 'hold-pods' }, (permit) => pods.setPartition(partition, permit));
}

/** Nothing is begun while the API server is away: another time may do. */
function stoppedWhileAway(error: unknown): never {
  const { code, message } = faultOf(error);
  if (code !== 'KUBE_AWAY') throw error;
  throw new OperationStopped(code, message.replace(/\.$/, ''), { cause: error });
}

interface Named {
  readonly id: string;
  readonly name: string;
}

async function podNow(
  name: string,
  { revision }: Rollout,
  { signal }: OperationContext,
  { pods, timing: { pollMs } }: PodSetParts & { readonly pods: PodSetPort },
): Promise<PodView | undefined> {
  const view = await seenByController(pods, pollMs, signal);
  if (view.updateRevision !== revision) {
    throw new OperationStopped('TEMPLATE_CHANGED', `the template of ${view.name} has been changed once more`);
  }
  const pod = view.pods.find((each) => each.name === name);
  if (pod === undefined) throw new OperationStopped('POD_GONE', `${view.name} is to have no pod ${name} any more`);
  return pod;
}

/** The set, once its controller has looked at its newest change, which each change of the partition is. */
async function seenByController(pods: PodSetPort, pollMs: number, signal: AbortSignal): Promise<PodSetView> {
  const untilMs = performance.now() + CONTROLLER_MS;
  for (;;) {
    const view = await pods.look(signal);
    if (view === undefined) throw new OperationStopped('POD_GONE', 'the StatefulSet is not to be seen any more');
    if (view.updateRevision !== undefined) return view;
    if (performance.now() > untilMs) {
      throw new OperationStopped('POD_GONE', `nobody looks at the changes of ${view.name}: its controller may be down`);
    }
    await sleep(pollMs, undefined, { signal });
  }
}

/** Undefined when it does; else why it does not, after as long as a pod may take. */
async function untilItServes(
  { id, name }: Named,
  plan: Rollout,
  context: OperationContext,
  parts: PodSetParts & { readonly pods: PodSetPort },
): Promise<string | undefined> {
  const { effects, timing } = parts;
  const { signal } = context;
  const untilMs = performance.now() + timing.podServesWithinMs;
  let wrong = 'it was not looked at yet';
  while (performance.now() < untilMs) {
    const found = await podNow(name, plan, context, parts).then(
      (pod) => pod?.found,
      (error: unknown) => {
        signal.throwIfAborted();
        // An API server that is away for a while, or starts anew, says nothing of the pod.
        if (faultOf(error).code !== 'KUBE_AWAY') throw error;
        return undefined;
      },
    );
    if (found === undefined) wrong = 'there is no pod';
    else if (found.revision !== plan.revision || found.isDeleted) wrong = 'the pod before has not ended yet';
    else {
      const version = await effects.status(id, signal).then(
        (status) => status.version,
        (error: unknown) => {
          wrong = faultOf(error).message;
        },
      );
      signal.throwIfAborted();
      // Another version is for the look afterwards to say.
      if (version !== undefined) return undefined;
    }
    await sleep(timing.pollMs, undefined, { signal });
  }
  return wrong;
}

/** Has the pod come back as it was before; gives what came of it, the end of a sentence. */
async function givenBack(
  { id, name }: Named,
  plan: Rollout,
  context: OperationContext,
  parts: PodSetParts & { readonly pods: PodSetPort },
): Promise<string> {
  const { pods, effects, timing } = parts;
  const { signal } = context;
  try {
    await holdPodsBack(plan, context, pods);
    const pod = await podNow(name, plan, context, parts);
    const { found } = pod ?? {};
    if (found?.revision === plan.revision && !found.isDeleted) {
      const { uid } = found;
      await context.step({ name: 'end-pod', memberId: id, detail: `the pod ${name}` }, (permit) =>
        pods.endPod({ name, uid }, permit),
      );
    }
    const untilMs = performance.now() + timing.podServesWithinMs;
    while (performance.now() < untilMs) {
      const now = await pods.look(signal).catch(() => undefined);
      const after = now?.pods.find((each) => each.name === name)?.found;
      const isBack = after !== undefined && after.revision !== plan.revision && !after.isDeleted;
      const serves = isBack && (await effects.status(id, signal).catch(() => undefined)) !== undefined;
      signal.throwIfAborted();
      if (serves) return 'it was given back the template before, and serves again';
      await sleep(timing.pollMs, undefined, { signal });
    }
    return 'it was given back the template before, and does not serve either';
  } catch (error) {
    signal.throwIfAborted();
    return `it could not be given back the template before: ${faultOf(error).message.replace(/\.$/, '')}`;
  }
}
