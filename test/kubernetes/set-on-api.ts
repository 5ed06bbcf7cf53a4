import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments, stringify } from 'yaml';
import { TendedCluster } from '../healing/tended-cluster.ts';
import { askOverSocket } from '../healing/tended-member.ts';
import { etcdVersion } from '../real/binaries.ts';
import { type ApiAnswer, ControlPlane } from './control-plane.ts';
import { Kubelet } from './kubelet.ts';

const NAMESPACE = 'etcd';
export const SET = `/apis/apps/v1/namespaces/${NAMESPACE}/statefulsets/etcd`;
export const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;
export const CLAIMS = `/api/v1/namespaces/${NAMESPACE}/persistentvolumeclaims`;
export const VOLUMES = '/api/v1/persistentvolumes';
const NODES = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5'];
const MANIFESTS = join(import.meta.dirname, '..', '..', 'deploy', 'statefulset', 'base');
const waitMs = 240_000;

/** `deploy/statefulset` on a real API server, with agents and etcds that really run in the place of its pods. Whoever starts it disposes of it. */
export class SetOnApi implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly kubelet: Kubelet;
  readonly cluster: TendedCluster;
  /** Of the agents' service account. */
  readonly agentKubeconfig: string;

  private constructor(plane: ControlPlane, kubelet: Kubelet, cluster: TendedCluster, agentKubeconfig: string) {
    this.plane = plane;
    this.kubelet = kubelet;
    this.cluster = cluster;
    this.agentKubeconfig = agentKubeconfig;
  }

  /** With no pod yet. @param version of etcd in its template */
  static async start(version: '3.4' | '3.5'): Promise<SetOnApi> {
    const plane = await ControlPlane.start();
    try {
      for (const name of NODES) {
        await plane.done('POST', '/api/v1/nodes', { metadata: { name, labels: { 'kubernetes.io/hostname': name } } });
        const conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime: new Date().toISOString() }];
        await plane.done('PATCH', `/api/v1/nodes/${name}/status`, { status: { conditions } });
      }
      await plane.kubectl(['create', 'namespace', NAMESPACE]);
      await plane.kubectl(['apply', '--server-side', '-f', '-'], {
        input: await manifests(plane, etcdVersion(version)),
      });
      const token = await until(async () => {
        const body = { spec: { expirationSeconds: 36_000 } };
        const path = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/etcd/token`;
        return (await plane.done('POST', path, body)).status.token as string;
      });
      const agentKubeconfig = await plane.kubeconfigOf('agent', token);
      const cluster = await TendedCluster.prepare({
        members: 5,
        beginners: 1,
        nameOf: (index) => `etcd-${index}`,
        versionsFolder: plane.folder,
        set: {
          'supervise.kind': 'statefulset',
          'supervise.statefulset.namespace': NAMESPACE,
          'supervise.statefulset.kubeconfig': agentKubeconfig,
          'heal.replaceAfter': '20s',
          'maintenance.restart.withoutSpare': 'true',
        },
      });
      const kubelet = new Kubelet(plane, (pod) => cluster.member(pod));
      return new SetOnApi(plane, kubelet, cluster, agentKubeconfig);
    } catch (error) {
      await plane[Symbol.asyncDispose]();
      throw error;
    }
  }

  async scale(replicas: number): Promise<void> {
    await this.plane.done('PATCH', SET, { spec: { replicas } });
  }

  /** Names and ids of the voters, as a quorum has them. */
  async members(): Promise<ReadonlyMap<string, string>> {
    for (const { name } of this.cluster.members) {
      const client = this.cluster.client(name);
      try {
        const { members, linearizable } = await client.memberList();
        if (linearizable)
          return new Map(members.filter(({ isLearner }) => !isLearner).map((each) => [each.name, each.id]));
      } catch {
        // Another one answers.
      } finally {
        client.close();
      }
    }
    throw new Error('no quorum answers');
  }

  /** Waits until exactly the members of the first pods are healthy voters, and their pods ready. */
  async untilWell(count: number): Promise<void> {
    const names = Array.from({ length: count }, (_, index) => `etcd-${index}`);
    await this.cluster.untilWell(names, waitMs);
    await until(async () => {
      const { items } = await this.plane.done('GET', PODS);
      const ready = items.filter((pod: ApiAnswer['body']) =>
        pod.status?.conditions?.some(
          ({ type, status }: { type: string; status: string }) => type === 'Ready' && status === 'True',
        ),
      );
      const is = ready.map((pod: ApiAnswer['body']) => pod.metadata.name).toSorted();
      if (is.join() !== names.join() || items.length !== count)
        throw new Error(`ready are ${is.join(', ')} of ${items.length}`);
      return is;
    });
    await until(async () => {
      if ((await this.cluster.slot()) !== undefined) throw new Error('an operation is under way');
    });
  }

  async pod(name: string): Promise<ApiAnswer['body']> {
    return (await this.plane.call('GET', `${PODS}/${name}`)).body;
  }

  /** Codes of the reasons of a policy's last decision, as the leading agent has it. */
  async reasonsFor(policy: string): Promise<readonly string[]> {
    for (const { folder } of this.cluster.members) {
      const said = await askOverSocket(join(folder, 'agent.sock'), '/api/v1/decisions').catch(() => undefined);
      // biome-ignore lint/suspicious/noExplicitAny: an answer of the agents' API, of which little is looked at.
      const found = (said as any)?.decisions?.find((each: any) => each.policy === policy);
      if (found !== undefined) return found.reasons.map(({ code }: { code: string }) => code);
    }
    return [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kubelet[Symbol.asyncDispose]();
    await this.cluster.close();
    await this.plane[Symbol.asyncDispose]();
  }
}

/** What a user applies: the plain manifests with a version, fewer seconds to wait for a pod, and no pod yet. */
async function manifests(plane: ControlPlane, version: string): Promise<string> {
  const documents = parseAllDocuments(await plane.kubectl(['kustomize', MANIFESTS])).map((each) => each.toJS());
  return documents
    .map((object: ApiAnswer['body']) => {
      if (object.kind !== 'StatefulSet') return object;
      const { spec } = object;
      spec.replicas = 0;
      spec.minReadySeconds = 1;
      spec.template.metadata.annotations['etcd-caretaker.io/etcd-version'] = version;
      return object;
    })
    .map((object) => stringify(object))
    .join('---\n');
}

/** Tries until it does not throw. */
export async function until<T>(attempt: () => Promise<T>, timeoutMs = waitMs): Promise<T> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > endMs) throw error;
    }
    await sleep(200);
  }
}
