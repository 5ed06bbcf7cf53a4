import * as z from 'zod';
import { ETCD_VERSION_ANNOTATION, PARTITION_AT_REST_ANNOTATION } from '../../cluster/pod-set.ts';
import { KubeError } from './kube-error.ts';

/** What is looked at of a StatefulSet. */
export interface SetState {
  readonly name: string;
  readonly uid: string;
  /** Wanted pods. */
  readonly replicas: number;
  /** The lowest ordinal: `spec.ordinals.start` (Kubernetes 1.27 and newer), else 0. */
  readonly firstOrdinal: number;
  /** It is being deleted itself. */
  readonly isDeleted: boolean;
  /** The newest revision of its template; absent until its controller has looked at it. */
  readonly updateRevision?: string;
  /** Of `RollingUpdate`: pods with a lower index keep their template. Absent with `OnDelete`. */
  readonly partition?: number;
  /** Of its pods that are not of the newest one; absent until its controller says so. */
  readonly currentRevision?: string;
  /** The annotation `etcd-caretaker.io/partition-at-rest`. */
  readonly partitionAtRest?: number;
  /** The template's annotation `etcd-caretaker.io/etcd-version`. */
  readonly etcdVersion?: string;
  /** Names of its `volumeClaimTemplates`: each pod has a claim TEMPLATE-POD of its own of each. What else its pods mount they may share. */
  readonly claimTemplates: readonly string[];
}

/** What is looked at of a pod. */
export interface PodState {
  readonly name: string;
  readonly uid: string;
  /** Where it was scheduled to; absent while it was not. */
  readonly node?: string;
  /** It is being deleted; with how much time to end from then on. */
  readonly deletion?: { readonly graceSeconds: number };
  /** Names of its claims. */
  readonly claims: readonly string[];
  /** Uid of the StatefulSet that controls it. */
  readonly setUid?: string;
  /** The template's revision that its StatefulSet has made it from. */
  readonly revision?: string;
  readonly isReady: boolean;
}

/** What is looked at of a claim (PersistentVolumeClaim). */
export interface ClaimState {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly volume?: string;
  readonly isDeleted: boolean;
  /** Kubernetes says that its volume, to which it was bound, is gone (`status.phase: Lost`). */
  readonly isLost: boolean;
}

/** Nodes by a label selector, or one by its name. */
export type NodeSelector = { readonly labels: string } | { readonly node: string };

/** What is looked at of a PersistentVolume. */
export interface VolumeState {
  readonly name: string;
  readonly resourceVersion: string;
  readonly reclaimPolicy: string;
  /** Uid of the claim that it is bound to. */
  readonly claimUid?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /**
   * Selectors of the nodes that it can be used on, where it is bound to single nodes, as a local disk is. Empty where it can be used
   * elsewhere too, or where that cannot be told.
   */
  readonly nodeSelectors: readonly NodeSelector[];
}

/** What is looked at of a node. */
export interface NodeState {
  readonly name: string;
  /** Somebody has said that it is shut down and fenced: the taint `node.kubernetes.io/out-of-service`. */
  readonly isOutOfService: boolean;
}

/** https://kubernetes.io/docs/concepts/cluster-administration/node-shutdown/#non-graceful-node-shutdown */
const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service';
/** Labels that name one node: Kubernetes' own, and those of provisioners of local disks, such as `topology.topolvm.io/node`. A zone is none. */
const NODE_LABEL = /\/(hostname|node)$/;
/** Of a pod whose deletion does not say it: Kubernetes' own default. */
const DEFAULT_GRACE_SECONDS = 30;
/** Part of the API of StatefulSets, the same in every version. */
const REVISION_LABEL = 'controller-revision-hash';

const texts = z.record(z.string(), z.string()).default({});
const metadata = z.object({
  name: z.string(),
  uid: z.string(),
  resourceVersion: z.string(),
  deletionTimestamp: z.string().optional(),
  deletionGracePeriodSeconds: z.number().optional(),
  generation: z.number().default(0),
  labels: texts,
  annotations: texts,
  ownerReferences: z
    .array(z.object({ kind: z.string(), uid: z.string(), controller: z.boolean().optional() }))
    .default([]),
});

const seenSetSchema = z
  .object({
    metadata,
    spec: z.object({
      replicas: z.number().int().default(1),
      ordinals: z.object({ start: z.number().int().default(0) }).default({ start: 0 }),
      updateStrategy: z
        .object({
          type: z.string().default('RollingUpdate'),
          rollingUpdate: z.object({ partition: z.number().int().default(0) }).default({ partition: 0 }),
        })
        .prefault({}),
      template: z.object({ metadata: z.object({ annotations: texts }).prefault({}) }).prefault({}),
      volumeClaimTemplates: z.array(z.object({ metadata: z.object({ name: z.string() }) })).default([]),
    }),
    status: z
      .object({
        updateRevision: z.string().optional(),
        currentRevision: z.string().optional(),
        observedGeneration: z.number().default(0),
      })
      .prefault({}),
  })
  .transform(
    ({ metadata: { name, uid, resourceVersion, deletionTimestamp, generation, annotations }, spec, status }) => {
      const { updateRevision, currentRevision, observedGeneration } = status;
      const atRest = Number(annotations[PARTITION_AT_REST_ANNOTATION] ?? 'none');
      const { type, rollingUpdate } = spec.updateStrategy;
      const etcdVersion = spec.template.metadata.annotations[ETCD_VERSION_ANNOTATION];
      const set: SetState = {
        ...{ name, uid, replicas: spec.replicas, firstOrdinal: spec.ordinals.start },
        isDeleted: deletionTimestamp !== undefined,
        claimTemplates: spec.volumeClaimTemplates.map((each) => each.metadata.name),
        ...(updateRevision === undefined || observedGeneration < generation ? {} : { updateRevision }),
        ...(currentRevision === undefined ? {} : { currentRevision }),
        ...(Number.isSafeInteger(atRest) ? { partitionAtRest: atRest } : {}),
        ...(type === 'RollingUpdate' ? { partition: rollingUpdate.partition } : {}),
        ...(etcdVersion === undefined ? {} : { etcdVersion }),
      };
      return { set, setVersion: resourceVersion };
    },
  );

const podSchema = z
  .object({
    metadata,
    spec: z.object({
      nodeName: z.string().optional(),
      volumes: z.array(z.object({ persistentVolumeClaim: z.object({ claimName: z.string() }).optional() })).default([]),
    }),
    status: z
      .object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]) })
      .prefault({}),
  })
  .transform(
    ({
      metadata: { name, uid, deletionTimestamp, deletionGracePeriodSeconds, ownerReferences, labels },
      spec,
      status,
    }): PodState => {
      const revision = labels[REVISION_LABEL];
      const owner = ownerReferences.find(({ kind, controller }) => kind === 'StatefulSet' && controller === true);
      return {
        ...{ name, uid },
        claims: spec.volumes.flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []),
        ...(spec.nodeName === undefined ? {} : { node: spec.nodeName }),
        ...(deletionTimestamp === undefined
          ? {}
          : { deletion: { graceSeconds: deletionGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS } }),
        ...(owner === undefined ? {} : { setUid: owner.uid }),
        ...(revision === undefined ? {} : { revision }),
        isReady: status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
      };
    },
  );

const claimSchema = z
  .object({
    metadata,
    spec: z.object({ volumeName: z.string().optional() }),
    status: z.object({ phase: z.string().optional() }).prefault({}),
  })
  .transform(
    ({ metadata: { name, uid, resourceVersion, deletionTimestamp }, spec, status }): ClaimState => ({
      ...{ name, uid, resourceVersion, isDeleted: deletionTimestamp !== undefined, isLost: status.phase === 'Lost' },
      ...(spec.volumeName === undefined ? {} : { volume: spec.volumeName }),
    }),
  );

const nodeRequirements = z
  .array(z.object({ key: z.string(), operator: z.string(), values: z.array(z.string()).default([]) }))
  .default([]);
const nodeTerm = z.object({ matchExpressions: nodeRequirements, matchFields: nodeRequirements });

/** Of the nodes that a term fits; undefined where it names no single node. */
function selectorOf({ matchExpressions, matchFields }: z.infer<typeof nodeTerm>): NodeSelector | undefined {
  // Each of them has to fit: whatever the labels are, it is no other node than this one.
  const named = matchFields.find(
    ({ key, operator, values }) => key === 'metadata.name' && operator === 'In' && values.length === 1,
  );
  if (named?.values[0] !== undefined) return { node: named.values[0] };
  const isPlain = matchExpressions.every(({ operator, values }) => operator === 'In' && values.length > 0);
  const namesNode = matchExpressions.some(({ key, values }) => NODE_LABEL.test(key) && values.length === 1);
  if (!isPlain || !namesNode) return undefined;
  return { labels: matchExpressions.map(({ key, values }) => `${key} in (${values.join(',')})`).join(',') };
}

const volumeSchema = z
  .object({
    metadata,
    spec: z.object({
      persistentVolumeReclaimPolicy: z.string().default('Retain'),
      claimRef: z.object({ uid: z.string().optional() }).optional(),
      nodeAffinity: z.object({ required: z.object({ nodeSelectorTerms: z.array(nodeTerm) }).optional() }).optional(),
    }),
  })
  .transform(({ metadata: { name, resourceVersion, labels, annotations }, spec }): VolumeState => {
    const selectors = (spec.nodeAffinity?.required?.nodeSelectorTerms ?? []).map(selectorOf);
    return {
      ...{ name, resourceVersion, labels, annotations, reclaimPolicy: spec.persistentVolumeReclaimPolicy },
      nodeSelectors: selectors.every((selector) => selector !== undefined) ? selectors : [],
      ...(spec.claimRef?.uid === undefined ? {} : { claimUid: spec.claimRef.uid }),
    };
  });

const nodeSchema = z
  .object({
    metadata,
    spec: z.object({ taints: z.array(z.object({ key: z.string() })).default([]) }).default({ taints: [] }),
  })
  .transform(
    ({ metadata: { name }, spec }): NodeState => ({
      name,
      isOutOfService: spec.taints.some(({ key }) => key === OUT_OF_SERVICE),
    }),
  );

const setListSchema = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  items: z.array(seenSetSchema),
});
const nodeListSchema = z.object({ items: z.array(nodeSchema) }).transform(({ items }) => items);

const eventSchema = z.object({ type: z.string(), object: z.unknown() });
const statusSchema = z.object({ code: z.number().default(500), message: z.string().default('') });
const bookmarkSchema = z.object({ metadata: z.object({ resourceVersion: z.string() }) });

/** Reads one kind of answer. Throws `KUBE_UNREADABLE`. @param what the call in words */
function reading<T>(schema: z.ZodType<T>): (what: string, json: unknown) => T {
  return (what, json) => {
    const { success, data, error } = schema.safeParse(json);
    if (success) return data;
    const [issue] = error.issues;
    const where = issue === undefined ? '' : ` (${issue.path.join('.')}: ${issue.message})`;
    throw new KubeError('KUBE_UNREADABLE', `${what}: the Kubernetes API answers with something else${where}`);
  };
}

export const readSet = reading(seenSetSchema.transform(({ set }) => set));
export const readPod = reading(podSchema);
export const readClaim = reading(claimSchema);
export const readVolume = reading(volumeSchema);
export const readNode = reading(nodeSchema);
export const readSetList = reading(setListSchema);
export const readNodeList = reading(nodeListSchema);
export const readEvent = reading(eventSchema);
export const readStatus = reading(statusSchema);
export const readBookmark = reading(bookmarkSchema);
