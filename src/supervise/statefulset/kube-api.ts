import { randomUUID } from 'node:crypto';
import { PARTITION_AT_REST_ANNOTATION, PARTITION_CHANGE_ANNOTATION } from '../../cluster/pod-set.ts';
import type { KubeCall, KubeConnection } from './kube-connection.ts';
import { KubeError, kubeErrorOf } from './kube-error.ts';
import { eventBody, type KubeEvent } from './kube-event.ts';
import {
  type ClaimState,
  type NodeState,
  type PodState,
  readBookmark,
  readClaim,
  readEvent,
  readNode,
  readNodeList,
  readPod,
  readSet,
  readSetList,
  readStatus,
  readVolume,
  type SetState,
  type VolumeState,
} from './kube-objects.ts';

/** A StatefulSet at one version of the API's store; `set` is absent where there is none. */
export interface SeenSet {
  readonly set?: SetState;
  readonly resourceVersion: string;
  /** At which the set itself was changed last; absent where there is none. */
  readonly setVersion?: string;
}

/** All that agents do with the Kubernetes API, in one namespace. What is not there is undefined; errors are `KubeError`. */
export interface KubeApi {
  statefulSet(name: string, signal: AbortSignal): Promise<SeenSet>;
  /**
   * Tells each change after a version, and is back when the server ends the watch. Throws `KUBE_GONE` where the version is too old, and
   * `KUBE_AWAY` where nothing was heard for as long as `quietMs`.
   */
  watchStatefulSet(
    name: string,
    from: { readonly resourceVersion: string; readonly quietMs: number },
    onSeen: (seen: SeenSet) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Has Kubernetes bring pods from this index on to the newest template; `KUBE_CONFLICT` where the set has changed since it was read.
   * It always gives the set another version, so that a call that was sent before and comes late is refused.
   * @param atRest what the partition is while nothing is rolled out, written down beside it; undefined: it is that from now on
   */
  setPartition(
    set: { readonly name: string; readonly setVersion: string },
    change: { readonly partition: number; readonly atRest: number | undefined },
    signal: AbortSignal,
  ): Promise<void>;
  pod(name: string, signal: AbortSignal): Promise<PodState | undefined>;
  claim(name: string, signal: AbortSignal): Promise<ClaimState | undefined>;
  volume(name: string, signal: AbortSignal): Promise<VolumeState | undefined>;
  node(name: string, signal: AbortSignal): Promise<NodeState | undefined>;
  /** @param selector of labels */
  nodes(selector: string, signal: AbortSignal): Promise<readonly NodeState[]>;
  /** Sets a volume to be kept, with labels and annotations; `KUBE_CONFLICT` where it has changed since it was read. */
  keepVolume(
    volume: Pick<VolumeState, 'name' | 'resourceVersion'>,
    marks: {
      readonly labels?: Readonly<Record<string, string>>;
      readonly annotations: Readonly<Record<string, string>>;
    },
    signal: AbortSignal,
  ): Promise<void>;
  /** Deletes exactly this claim at exactly this version; `KUBE_CONFLICT` where it is another one by now. Nothing where there is none. */
  deleteClaim(claim: Pick<ClaimState, 'name' | 'uid' | 'resourceVersion'>, signal: AbortSignal): Promise<void>;
  /** Deletes exactly this pod, with the time to end that it has; `KUBE_CONFLICT` where it is another one by now. Nothing where there is none. */
  deletePod(pod: Pick<PodState, 'name' | 'uid'>, signal: AbortSignal): Promise<void>;
  /** Writes an event, once however often it is said. @param host name of the pod that says it */
  createEvent(event: KubeEvent, host: string, signal: AbortSignal): Promise<void>;
}

export function kubeApi({ call, lines }: KubeConnection, namespace: string): KubeApi {
  const core = `/api/v1/namespaces/${encodeURIComponent(namespace)}`;
  const sets = `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/statefulsets`;
  const only = (name: string): Record<string, string> => ({ fieldSelector: `metadata.name=${name}` });
  const get = async <T>(
    what: string,
    path: string,
    read: (what: string, json: unknown) => T,
    signal: AbortSignal,
  ): Promise<T | undefined> => {
    const json = await call({ what, method: 'GET', path }, signal);
    return json === undefined ? undefined : read(what, json);
  };
  const at = (folder: string, name: string): string => `${folder}/${encodeURIComponent(name)}`;
  const remove = async (what: string, path: string, preconditions: unknown, signal: AbortSignal): Promise<void> => {
    // Without gracePeriodSeconds: the object's own time to end counts, and nothing is forced.
    await call(
      { what, method: 'DELETE', path, body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions } },
      signal,
    );
  };
  return {
    statefulSet: async (name, signal) => {
      const what = `list StatefulSet ${name}`;
      const { metadata, items } = readSetList(
        what,
        (await call({ what, method: 'GET', path: sets, query: only(name) }, signal)) ?? {},
      );
      const found = items.find(({ set }) => set.name === name);
      return { resourceVersion: metadata.resourceVersion, ...found };
    },
    watchStatefulSet: (name, { resourceVersion, quietMs }, onSeen, signal) => {
      const what = `watch StatefulSet ${name}`;
      const query = { ...only(name), watch: 'true', allowWatchBookmarks: 'true', resourceVersion };
      const watched: KubeCall = { what, method: 'GET', path: sets, query };
      return lines(watched, quietMs, (json) => takeEvent(what, json, onSeen), signal);
    },
    setPartition: async ({ name, setVersion }, { partition, atRest }, signal) => {
      const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition } };
      const annotations = {
        [PARTITION_AT_REST_ANNOTATION]: atRest === undefined ? null : String(atRest),
        // A patch that changes nothing leaves an object at its version (apiserver's etcd3 store), and a late one would still fit.
        [PARTITION_CHANGE_ANNOTATION]: randomUUID(),
      };
      const body = { metadata: { resourceVersion: setVersion, annotations }, spec: { updateStrategy } };
      await call({ what: `patch StatefulSet ${name}`, method: 'PATCH', path: at(sets, name), body }, signal);
    },
    pod: (name, signal) => get(`get pod ${name}`, at(`${core}/pods`, name), readPod, signal),
    claim: (name, signal) => get(`get claim ${name}`, at(`${core}/persistentvolumeclaims`, name), readClaim, signal),
    volume: (name, signal) => get(`get volume ${name}`, at('/api/v1/persistentvolumes', name), readVolume, signal),
    node: (name, signal) => get(`get node ${name}`, at('/api/v1/nodes', name), readNode, signal),
    nodes: async (labelSelector, signal) => {
      const what = `list nodes with ${labelSelector}`;
      return readNodeList(
        what,
        (await call({ what, method: 'GET', path: '/api/v1/nodes', query: { labelSelector } }, signal)) ?? {},
      );
    },
    keepVolume: async ({ name, resourceVersion }, marks, signal) => {
      const body = { metadata: { resourceVersion, ...marks }, spec: { persistentVolumeReclaimPolicy: 'Retain' } };
      const path = at('/api/v1/persistentvolumes', name);
      await call({ what: `patch volume ${name}`, method: 'PATCH', path, body }, signal);
    },
    deleteClaim: ({ name, uid, resourceVersion }, signal) =>
      remove(`delete claim ${name}`, at(`${core}/persistentvolumeclaims`, name), { uid, resourceVersion }, signal),
    deletePod: ({ name, uid }, signal) => remove(`delete pod ${name}`, at(`${core}/pods`, name), { uid }, signal),
    createEvent: async (event, host, signal) => {
      const what = `create event ${event.reason} of ${event.involved.name}`;
      try {
        await call(
          { what, method: 'POST', path: `${core}/events`, body: eventBody(event, { namespace, host }) },
          signal,
        );
      } catch (error) {
        // It is there: the answer to an earlier call was lost, or another agent has said it.
        if (!(error instanceof KubeError) || error.code !== 'KUBE_CONFLICT') throw error;
      }
    },
  };
}

/** Throws `KUBE_GONE` and the like for an event of type ERROR. */
function takeEvent(what: string, json: unknown, onSeen: (seen: SeenSet) => void): void {
  const { type, object } = readEvent(what, json);
  if (type === 'ERROR') {
    const { code, message } = readStatus(what, object);
    throw kubeErrorOf(code, what, message);
  }
  const { resourceVersion } = readBookmark(what, object).metadata;
  if (type === 'DELETED') onSeen({ resourceVersion });
  else if (type === 'ADDED' || type === 'MODIFIED') onSeen({ resourceVersion, set: readSet(what, object) });
}
