import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf } from '../../cluster/agent-error.ts';
import { parseVersion, seriesOf } from '../../cluster/version.ts';
import type { OperationContext } from '../operation.ts';
import { holdPodsBack, type InPod, type Rollout } from './set-watch.ts';

/** Of the slot's progress: the member whose pod is being given back, so that the next leader goes on with that first. */
const GIVING_BACK = 'givingBack';

/** What is known of a pod that does not serve. */
export interface GivenBack {
  /** Its etcd has refused to start: it has told no member of its version. */
  readonly neverRan: boolean;
}

/** A pod that is given back is ended once, and once more where that was lost. */
const MOST_ENDS = 2;

/** The member whose pod an earlier leader was giving back. */
export function givingBack({ slot }: OperationContext): string | undefined {
  const { [GIVING_BACK]: id } = slot.progress;
  return typeof id === 'string' && id !== '' ? id : undefined;
}

/**
 * Has a pod come back as it was: with the partition raised it is ended once more, and Kubernetes makes it of the revision that the others have. Done
 * again it comes to the same. It is left as it is where another voter is missing (its etcd may vote, though it serves nobody), where there is no
 * template before, and where the former etcd would refuse to start. Gives what came of it, the end of a sentence.
 */
export async function giveBack(
  { id, name }: { readonly id: string; readonly name: string },
  plan: Rollout,
  known: GivenBack,
  context: OperationContext,
  parts: InPod,
): Promise<string> {
  const { effects, pods, timing } = parts;
  const { signal } = context;
  const untilMs = performance.now() + timing.podServesWithinMs;
  let wrong = 'it does not serve either';
  const ended = new Set<string>();
  try {
    await context.note({ [GIVING_BACK]: id });
    await holdPodsBack(plan, context, parts);
    while (performance.now() < untilMs) {
      try {
        const set = await pods.look(signal);
        const found = set?.pods.find((each) => each.name === name)?.found;
        if (found !== undefined && !found.isDeleted) {
          if (found.revision === plan.revision) {
            if (set?.currentRevision === plan.revision)
              return 'there is no template before that Kubernetes would make it of';
            if (ended.size >= MOST_ENDS && !ended.has(found.uid))
              return `Kubernetes makes it of the newest template again and again`;
            const kept = ended.has(found.uid) ? undefined : await reasonToKeep(id, plan, known, context);
            if (kept !== undefined) return `it was not given back the template before: ${kept}`;
            if (!ended.has(found.uid)) {
              ended.add(found.uid);
              await context.step({ name: 'end-pod', memberId: id, detail: `the pod ${name}` }, (permit) =>
                pods.endPod({ name, uid: found.uid }, permit),
              );
            }
          } else if ((await effects.status(id, signal).catch(() => undefined)) !== undefined) {
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

/** Why a pod that does not serve must not be ended for its former template, if so. */
async function reasonToKeep(
  id: string,
  { to }: Rollout,
  { neverRan }: GivenBack,
  context: OperationContext,
): Promise<string | undefined> {
  const from = versionBefore(id, context);
  const { members } = await context.observe();
  const others = members.filter((each) => each.id !== id && !each.isLearner);
  const missing = others.find(({ reachable }) => !reachable);
  if (missing !== undefined) return `${missing.name} does not answer either, and its etcd may be what a quorum needs`;
  const [before, now] = [parseVersion(from ?? ''), parseVersion(to)];
  if (neverRan || before === undefined || now === undefined || seriesOf(before) === seriesOf(now)) return undefined;
  const isLast = others.every(({ version = '' }) => {
    const theirs = parseVersion(version);
    return theirs !== undefined && seriesOf(theirs) === seriesOf(now);
  });
  // The cluster takes the newer version up once the last member has told of it, which it may have (etcd: "invalid downgrade").
  return isLast ? `all others run ${seriesOf(now)}, and etcd ${from} would refuse to start beside them` : undefined;
}

/** Which version the member ran when it was decided. */
function versionBefore(id: string, { slot }: OperationContext): string | undefined {
  const { versions } = slot.parameters;
  const version: unknown = typeof versions === 'object' && versions !== null ? Reflect.get(versions, id) : undefined;
  return typeof version === 'string' ? version : undefined;
}
