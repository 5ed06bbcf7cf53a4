import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf } from '../../cluster/agent-error.ts';
import type { OperationContext } from '../operation.ts';
import { holdPodsBack, type InPod, type Rollout } from './set-watch.ts';

/** Of the slot's progress: the member whose pod is being given back, so that the next leader goes on with that first. */
const GIVING_BACK = 'givingBack';

/** The member whose pod an earlier leader was giving back. */
export function givingBack({ slot }: OperationContext): string | undefined {
  const { [GIVING_BACK]: id } = slot.progress;
  return typeof id === 'string' && id !== '' ? id : undefined;
}

/**
 * Has a pod come back as it was: with the partition raised it is ended once more, and Kubernetes makes it of the revision that the others have. Done
 * again it comes to the same. Gives what came of it, the end of a sentence.
 */
export async function giveBack(
  { id, name }: { readonly id: string; readonly name: string },
  plan: Rollout,
  context: OperationContext,
  parts: InPod,
): Promise<string> {
  const { effects, pods, timing } = parts;
  const { signal } = context;
  const untilMs = performance.now() + timing.podServesWithinMs;
  let wrong = 'it does not serve either';
  try {
    await context.note({ [GIVING_BACK]: id });
    await holdPodsBack(plan, context, parts);
    while (performance.now() < untilMs) {
      try {
        const found = (await pods.look(signal))?.pods.find((each) => each.name === name)?.found;
        if (found !== undefined && !found.isDeleted) {
          if (found.revision === plan.revision) {
            await context.step({ name: 'end-pod', memberId: id, detail: `the pod ${name}` }, (permit) =>
              pods.endPod({ name, uid: found.uid }, permit),
            );
          } else if ((await effects.status(id, signal).catch(() => undefined)) !== undefined) {
            await context.note({ [GIVING_BACK]: '' });
            return 'it was given back the template before, and serves again';
          }
        }
      } catch (error) {
        signal.throwIfAborted();
        // An API server that is away is asked again.
        if (faultOf(error).code !== 'KUBE_AWAY') throw error;
        wrong = 'the Kubernetes API does not answer';
      }
      signal.throwIfAborted();
      await sleep(timing.pollMs, undefined, { signal });
    }
    return `it was given back the template before, and ${wrong}`;
  } catch (error) {
    signal.throwIfAborted();
    return `it could not be given back the template before: ${faultOf(error).message.replace(/\.$/, '')}`;
  }
}
