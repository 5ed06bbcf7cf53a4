import { faultOf } from '../../cluster/agent-error.ts';
import type { NodeVerdict, PodSetView, PodView } from '../../cluster/pod-set.ts';
import type { KubeApi } from './kube-api.ts';
import { ownClaims, planRelease } from './release-claim.ts';

/**
 * Reads a StatefulSet and its pods. Undefined where there is none, or where it is being deleted. Throws `KubeError`.
 * @param answering names of the members that answer: of all other pods it is looked whether their node is shown to be gone. Left out: of none
 */
export async function podSetView(
  { statefulSet, answering }: { readonly statefulSet: string; readonly answering?: ReadonlySet<string> },
  api: KubeApi,
  signal: AbortSignal,
): Promise<PodSetView | undefined> {
  const { set } = await api.statefulSet(statefulSet, signal);
  if (set === undefined || set.isDeleted) return undefined;
  const { name, firstOrdinal, replicas, updateRevision, currentRevision, partition, partitionAtRest, etcdVersion } =
    set;
  const { claimTemplates } = set;
  const pods = await Promise.all(
    Array.from({ length: replicas }, async (_, index): Promise<PodView> => {
      const ordinal = firstOrdinal + index;
      const pod = `${name}-${ordinal}`;
      const [found, node] = await Promise.all([
        api.pod(pod, signal),
        answering === undefined || answering.has(pod) ? undefined : nodeOf({ pod, claimTemplates }, api, signal),
      ]);
      return {
        ...{ name: pod, ordinal },
        ...(found === undefined
          ? {}
          : {
              found: {
                ...{ uid: found.uid, revision: found.revision ?? '', isReady: found.isReady },
                isDeleted: found.deletion !== undefined,
                hasVolume: found.claims.some((claim) => ownClaims(pod, claimTemplates).includes(claim)),
              },
            }),
        ...(node === undefined ? {} : { node }),
      };
    }),
  );
  return {
    ...{ name, firstOrdinal, replicas, pods },
    ...(updateRevision === undefined ? {} : { updateRevision }),
    ...(currentRevision === undefined ? {} : { currentRevision }),
    ...(partition === undefined ? {} : { partition }),
    ...(partitionAtRest === undefined ? {} : { partitionAtRest }),
    ...(etcdVersion === undefined ? {} : { etcdVersion }),
  };
}

/** What keeps the claim of a pod from being let go of, or the proof that it may. */
async function nodeOf(
  names: { readonly pod: string; readonly claimTemplates: readonly string[] },
  api: KubeApi,
  signal: AbortSignal,
): Promise<NodeVerdict> {
  try {
    const plan = await planRelease(names, api, signal);
    return plan === undefined
      ? { verdict: 'unknown', message: `${names.pod} has no claim that is bound to a volume` }
      : { verdict: 'gone', proof: plan.proof };
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = faultOf(error);
    if (code === 'KUBE_AWAY') throw error;
    return { verdict: code === 'NODE_NOT_GONE' ? 'there' : 'unknown', message: message.replace(/\.$/, '') };
  }
}
