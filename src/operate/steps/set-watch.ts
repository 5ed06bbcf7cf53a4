import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf } from '../../cluster/agent-error.ts';
import type { PodSetView, PodView } from '../../cluster/pod-set.ts';
import { type OperationContext, OperationStopped } from '../operation.ts';
import type { PodSetPort } from '../pod-set-port.ts';
import type { PodSetParts } from './parts.ts';

/** A controller that is there looks at a change within a second; an API server that is started anew takes longer. */
const ANSWER_MS = 60_000;

/** Parts of an operation of an agent that is in a pod. */
export type InPod = PodSetParts & { readonly pods: PodSetPort };

/** What a rollout is to come to. */
export interface Rollout {
  /** The revision of the set's template. */
  readonly revision: string;
  /** The version of etcd in it. */
  readonly to: string;
  /** The set's partition while nothing is rolled out. */
  readonly partition: number;
  readonly indexOf: (memberId: string) => number;
}

/** @throws OperationStopped `NOT_IN_STATEFULSET` where this agent is in no pod: another one may lead soon */
export function podSetOf({ pods }: PodSetParts): PodSetPort {
  if (pods !== undefined) return pods;
  throw new OperationStopped('NOT_IN_STATEFULSET', 'the leading agent is in no pod of a StatefulSet');
}

/**
 * The set, once its controller has looked at its newest change, which each change of the partition is. An API server that is away is waited for.
 * @throws OperationStopped `POD_GONE`, `KUBE_AWAY`, `TEMPLATE_CHANGED` where the newest template is another one than this
 */
export async function seenSet(
  { revision }: Pick<Rollout, 'revision'>,
  { signal }: OperationContext,
  { pods, timing: { pollMs } }: InPod,
): Promise<PodSetView> {
  const untilMs = performance.now() + ANSWER_MS;
  for (;;) {
    const seen = await pods.look(signal).catch((error: unknown) => {
      signal.throwIfAborted();
      if (faultOf(error).code !== 'KUBE_AWAY') throw error;
      return { away: faultOf(error).message.replace(/\.$/, '') };
    });
    if (seen === undefined) throw new OperationStopped('POD_GONE', 'the StatefulSet is not to be seen any more');
    if (!('away' in seen) && seen.updateRevision !== undefined) {
      if (seen.updateRevision === revision) return seen;
      throw new OperationStopped('TEMPLATE_CHANGED', `the template of ${seen.name} has been changed once more`);
    }
    if (performance.now() > untilMs) {
      if ('away' in seen) throw new OperationStopped('KUBE_AWAY', seen.away);
      throw new OperationStopped('POD_GONE', `nobody looks at the changes of ${seen.name}: its controller may be down`);
    }
    await sleep(pollMs, undefined, { signal });
  }
}

/** One of its pods. @throws OperationStopped as `seenSet` */
export async function seenPod(
  name: string,
  plan: Rollout,
  context: OperationContext,
  parts: InPod,
): Promise<{ readonly set: PodSetView; readonly pod: PodView }> {
  const set = await seenSet(plan, context, parts);
  const pod = set.pods.find((each) => each.name === name);
  if (pod === undefined) throw new OperationStopped('POD_GONE', `${set.name} is to have no pod ${name} any more`);
  return { set, pod };
}

/** Kubernetes brings no pod to the newest template from here on. An API server that is away is waited for. */
export async function holdPodsBack(
  { partition }: Pick<Rollout, 'partition'>,
  { signal, step }: OperationContext,
  { pods, timing: { pollMs } }: InPod,
): Promise<void> {
  const untilMs = performance.now() + ANSWER_MS;
  await step({ name: 'hold-pods' }, async (permit) => {
    for (;;) {
      try {
        return await pods.holdBack(partition, permit);
      } catch (error) {
        signal.throwIfAborted();
        if (faultOf(error).code !== 'KUBE_AWAY' || performance.now() > untilMs) throw error;
        await sleep(pollMs, undefined, { signal });
      }
    }
  });
}
