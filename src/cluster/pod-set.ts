/**
 * What the leading agent has read of the StatefulSet that its own pod is of: plain data for the policies. A member has the name of its pod.
 */
export interface PodSetView {
  readonly name: string;
  /** The lowest ordinal. */
  readonly firstOrdinal: number;
  readonly replicas: number;
  /** The name of the template's newest revision; absent until the controller has seen the newest change of the set, whatever that was. */
  readonly updateRevision?: string;
  /**
   * Only pods with this index (the ordinal less the lowest one) or a higher one are brought to the newest template by Kubernetes. Absent where
   * it brings none of them by itself (`OnDelete`).
   */
  readonly partition?: number;
  /** The partition that it has while nothing is rolled out, where an agent has lowered it and not raised it again. */
  readonly partitionAtRest?: number;
  /** The revision that Kubernetes makes pods of that it loses below the partition; absent until it says so. */
  readonly currentRevision?: string;
  /** Which version of etcd is in the newest template, by its annotation. */
  readonly etcdVersion?: string;
  readonly pods: readonly PodView[];
}

/** One pod that the StatefulSet is to have. */
export interface PodView {
  readonly name: string;
  readonly ordinal: number;
  /** Absent where there is no such pod just now. */
  readonly found?: {
    readonly uid: string;
    /** The template's revision that it was made from. */
    readonly revision: string;
    readonly isReady: boolean;
    readonly isDeleted: boolean;
    /** It has a volume that outlives it. */
    readonly hasVolume: boolean;
  };
  /** Of a pod with no member that answers: what is known of the node that its data are on. */
  readonly node?: NodeVerdict;
}

/** What is known of the node that a pod's data are on. Only `gone` lets anything be taken away from it. */
export type NodeVerdict =
  | { readonly verdict: 'gone'; readonly proof: string }
  | { readonly verdict: 'there' | 'unknown'; readonly message: string };

/** What is to be let go of, by uid: whatever is called so later is another one. Plain data, for the journal. */
export interface ClaimRelease {
  readonly pod: string;
  /** Absent where there was no pod. */
  readonly podUid?: string;
  readonly claim: string;
  readonly claimUid: string;
  readonly volume: string;
  /** A sentence: why the node counts as gone. */
  readonly proof: string;
}

/** The annotation of a pod template that says which version of etcd is in it: nothing of an image does so for sure. */
export const ETCD_VERSION_ANNOTATION = 'etcd-caretaker.io/etcd-version';

/** The annotation of a StatefulSet whose partition an agent has lowered: what it is while nothing is rolled out. */
export const PARTITION_AT_REST_ANNOTATION = 'etcd-caretaker.io/partition-at-rest';

/** The annotation of a StatefulSet that is another one with each change of its partition by an agent. */
export const PARTITION_CHANGE_ANNOTATION = 'etcd-caretaker.io/partition-change';

/** The pods that were made from another template than the newest one. */
export function podsBehind({ pods, updateRevision }: PodSetView): readonly PodView[] {
  if (updateRevision === undefined) return [];
  return pods.filter(({ found }) => found !== undefined && found.revision !== updateRevision);
}
