import { expect, test } from 'vitest';
import { type KubeApi, kubeApi } from '../../../src/supervise/statefulset/kube-api.ts';
import { kubeConnection } from '../../../src/supervise/statefulset/kube-connection.ts';
import { podSetView } from '../../../src/supervise/statefulset/pod-set-view.ts';
import { CLAIMS, NODES, PODS, SETS, type StandInApi, standInApi, VOLUMES } from './stand-in-api.ts';

const { signal } = new AbortController();

async function connected(at: StandInApi): Promise<KubeApi> {
  return kubeApi(await kubeConnection(at.kubeconfig), 'ns');
}

function putSet(
  at: StandInApi,
  spec: Record<string, unknown> = {},
  status: Record<string, unknown> = { updateRevision: 'new' },
): void {
  const template = { metadata: { annotations: { 'etcd-caretaker.io/etcd-version': '3.5.30' } } };
  const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 1000 } };
  at.put(SETS, { metadata: { name: 'etcd' }, spec: { replicas: 2, template, updateStrategy, ...spec }, status });
}

const volumeClaimTemplates = [{ metadata: { name: 'data' }, spec: {} }];

function putPod(at: StandInApi, ordinal: number, revision: string, more: object = {}): void {
  const labels = { 'controller-revision-hash': revision };
  at.put(PODS, {
    metadata: { name: `etcd-${ordinal}`, uid: `u${ordinal}`, labels, ...more },
    spec: { nodeName: 'n1' },
    status: { conditions: [{ type: 'Ready', status: ordinal === 0 ? 'True' : 'False' }] },
  });
}

test('the set and each of its pods are told, also those that are not there', async () => {
  await using at = await standInApi();
  putSet(at, { replicas: 3 });
  putPod(at, 0, 'old');
  putPod(at, 1, 'new', { deletionTimestamp: '2026-01-01T00:00:00Z' });
  expect(await podSetView({ statefulSet: 'etcd' }, await connected(at), signal)).toEqual({
    ...{ name: 'etcd', firstOrdinal: 0, replicas: 3, updateRevision: 'new', partition: 1000, etcdVersion: '3.5.30' },
    pods: [
      {
        ...{ name: 'etcd-0', ordinal: 0 },
        found: { uid: 'u0', revision: 'old', isReady: true, isDeleted: false, hasVolume: false },
      },
      {
        ...{ name: 'etcd-1', ordinal: 1 },
        found: { uid: 'u1', revision: 'new', isReady: false, isDeleted: true, hasVolume: false },
      },
      { name: 'etcd-2', ordinal: 2 },
    ],
  });
});

test('only a claim of a template of the set is a volume of the pod’s own, not one that its pods share', async () => {
  await using at = await standInApi();
  const api = await connected(at);
  const mounting = (...claims: readonly string[]): void => {
    const volumes = claims.map((claimName) => ({ persistentVolumeClaim: { claimName } }));
    at.put(PODS, { metadata: { name: 'etcd-0', uid: 'u0' }, spec: { nodeName: 'n1', volumes } });
  };
  const hasVolume = async () => (await podSetView({ statefulSet: 'etcd' }, api, signal))?.pods[0]?.found?.hasVolume;
  putSet(at);
  mounting('backup');
  expect(await hasVolume()).toBe(false);
  mounting('data-etcd-0');
  expect(await hasVolume()).toBe(false);
  putSet(at, { volumeClaimTemplates });
  expect(await hasVolume()).toBe(true);
  mounting('backup');
  expect(await hasVolume()).toBe(false);
});

test('nothing is said of a set that is being deleted', async () => {
  await using at = await standInApi();
  const metadata = { name: 'etcd', deletionTimestamp: '2026-01-01T00:00:00Z' };
  at.put(SETS, { metadata, spec: { replicas: 1 }, status: { updateRevision: 'r' } });
  expect(await podSetView({ statefulSet: 'etcd' }, await connected(at), signal)).toBeUndefined();
});

test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
  [
    'whose controller has not seen its newest change',
    { generation: 3 },
    { updateRevision: 'r', observedGeneration: 2 },
  ],
  ['that nobody has looked at yet', {}, {}],
])('which template is the newest is not said of a set %s', async (_, metadata, status) => {
  await using at = await standInApi();
  at.put(SETS, { metadata: { name: 'etcd', ...metadata }, spec: { replicas: 1 }, status });
  const view = await podSetView({ statefulSet: 'etcd' }, await connected(at), signal);
  expect(view).toMatchObject({ name: 'etcd', partition: 0 });
  expect(view?.updateRevision).toBeUndefined();
});

test('with OnDelete there is no partition, and without an annotation no version', async () => {
  await using at = await standInApi();
  putSet(at, { replicas: 1, updateStrategy: { type: 'OnDelete' }, template: {} });
  const view = await podSetView({ statefulSet: 'etcd' }, await connected(at), signal);
  expect(view).toEqual({
    ...{ name: 'etcd', firstOrdinal: 0, replicas: 1, updateRevision: 'new' },
    pods: [{ name: 'etcd-0', ordinal: 0 }],
  });
});

test('of a pod with no member that answers it is told whether its node is gone', async () => {
  await using at = await standInApi();
  putSet(at, { volumeClaimTemplates });
  const node = { key: 'kubernetes.io/hostname', operator: 'In', values: ['n1'] };
  at.put(NODES, { metadata: { name: 'n1', labels: { 'kubernetes.io/hostname': 'n1' } }, spec: {} });
  at.put(PODS, {
    metadata: { name: 'etcd-1', uid: 'u1' },
    spec: { nodeName: 'n1', volumes: [{ persistentVolumeClaim: { claimName: 'data-etcd-1' } }] },
  });
  at.put(CLAIMS, { metadata: { name: 'data-etcd-1', uid: 'claim-1' }, spec: { volumeName: 'pv-1' } });
  at.put(VOLUMES, {
    metadata: { name: 'pv-1' },
    spec: {
      claimRef: { uid: 'claim-1' },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [node] }] } },
    },
  });
  const api = await connected(at);
  const nodeOf = async (answering: readonly string[]) =>
    (await podSetView({ statefulSet: 'etcd', answering: new Set(answering) }, api, signal))?.pods[1]?.node;
  expect((await podSetView({ statefulSet: 'etcd' }, api, signal))?.pods[1]?.node).toBeUndefined();
  expect(await nodeOf(['etcd-0', 'etcd-1'])).toBeUndefined();
  expect(await nodeOf(['etcd-0'])).toMatchObject({ verdict: 'there', message: expect.stringContaining('n1 is there') });
  at.remove(NODES, 'n1');
  expect(await nodeOf(['etcd-0'])).toMatchObject({
    verdict: 'gone',
    proof: expect.stringContaining('no node is left'),
  });
  at.remove(CLAIMS, 'data-etcd-1');
  expect(await nodeOf(['etcd-0'])).toMatchObject({ verdict: 'unknown' });
  at.forbid(`GET ${CLAIMS}`);
  expect(await nodeOf(['etcd-0'])).toMatchObject({ verdict: 'unknown', message: expect.stringContaining('forbidden') });
});
