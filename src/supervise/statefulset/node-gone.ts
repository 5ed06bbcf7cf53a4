import type { NodeVerdict } from '../../cluster/pod-set.ts';
import type { KubeApi } from './kube-api.ts';
import type { NodeSelector, NodeState, PodState, VolumeState } from './kube-objects.ts';

/**
 * Whether the node of a pod and of its volume is shown to be fenced: its object is gone, or somebody has tainted it as out of service. A node
 * that is not ready proves nothing: it may run on, cut off, with etcd and its disk. A volume that can be used on other nodes is never
 * given up: Kubernetes itself brings the pod up there with its data. Throws `KubeError`.
 * @param volume only its name where it is gone itself: there is nothing left to keep then, and only the pod's node counts
 */
export async function nodeGone(
  {
    pod,
    volume,
  }: {
    readonly pod?: Pick<PodState, 'node'>;
    readonly volume: Pick<VolumeState, 'name'> & Partial<Pick<VolumeState, 'nodeSelectors'>>;
  },
  api: Pick<KubeApi, 'node' | 'nodes'>,
  signal: AbortSignal,
): Promise<NodeVerdict> {
  const { name, nodeSelectors } = volume;
  if (nodeSelectors?.length === 0) {
    return { verdict: 'unknown', message: `the volume ${name} is not bound to one node` };
  }
  const usable = (await Promise.all((nodeSelectors ?? []).map((selector) => nodesOf(selector, api, signal)))).flat();
  const scheduled = pod?.node === undefined ? undefined : { name: pod.node, state: await api.node(pod.node, signal) };
  const there = [...usable, scheduled?.state].find((node) => node !== undefined && !node.isOutOfService);
  if (there !== undefined) {
    return { verdict: 'there', message: `the node ${there.name} is there, and not tainted as out of service` };
  }
  const proofs = [
    ...(nodeSelectors === undefined ? [`the volume ${name} is gone`] : []),
    ...(nodeSelectors !== undefined && usable.length === 0
      ? [`no node is left on which the volume ${name} can be used`]
      : []),
    ...(usable.length > 0 ? [tainted(usable)] : []),
    ...(scheduled === undefined || usable.some((node) => node.name === scheduled.name)
      ? []
      : [scheduled.state === undefined ? `the pod's node ${scheduled.name} is gone` : tainted([scheduled.state])]),
  ];
  return { verdict: 'gone', proof: proofs.join(', and ') };
}

async function nodesOf(
  selector: NodeSelector,
  api: Pick<KubeApi, 'node' | 'nodes'>,
  signal: AbortSignal,
): Promise<readonly NodeState[]> {
  if ('labels' in selector) return await api.nodes(selector.labels, signal);
  const node = await api.node(selector.node, signal);
  return node === undefined ? [] : [node];
}

function tainted(nodes: readonly NodeState[]): string {
  return `${nodes.map(({ name }) => name).join(', ')} ${nodes.length === 1 ? 'is' : 'are'} tainted as out of service`;
}
