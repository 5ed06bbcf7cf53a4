import type { ClaimRelease, PodSetView } from '../cluster/pod-set.ts';
import type { Permit } from './effects.ts';

/** What operations do with the StatefulSet of the leading agent's own pod. Errors are `KubeError`, and those that are named. */
export interface PodSetPort {
  /** As it is now; undefined where it cannot be told just now. */
  look(signal: AbortSignal): Promise<PodSetView | undefined>;
  /**
   * Has Kubernetes bring the pods from this index on to the newest template, one after the other, and no others.
   * Throws `TEMPLATE_CHANGED` where that is not of this revision any more, however often the set is read anew meanwhile, and `PARTITION_CHANGED`
   * where somebody has lowered the partition further.
   * @param to `atRest`: the partition while nothing is rolled out: it is written down at the set, for whoever goes on
   */
  lowerPartition(
    to: { readonly index: number; readonly atRest: number; readonly revision: string },
    permit: Permit,
  ): Promise<void>;
  /** The partition is what it is while nothing is rolled out. It always writes: what was sent before, and comes late, changes nothing then. */
  holdBack(partition: number, permit: Permit): Promise<void>;
  /** Has exactly this pod end, in its own time; Kubernetes makes it anew. */
  endPod(pod: { readonly name: string; readonly uid: string }, permit: Permit): Promise<void>;
  /** Works out what has to be let go of, so that a pod can come up elsewhere. Throws `NODE_NOT_GONE`, `CLAIM_AMBIGUOUS`. */
  planRelease(pod: string, signal: AbortSignal): Promise<ClaimRelease | undefined>;
  /** Keeps the volume, and lets go of claim and pod. Gives what is still there. Throws `NODE_NOT_GONE`, `VOLUME_NOT_KEPT`. */
  release(plan: ClaimRelease, permit: Permit): Promise<'nothing' | 'pod' | 'claim'>;
}
