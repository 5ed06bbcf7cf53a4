import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NumberedWrites } from '../bench/heal/numbered-writes.ts';
import { type RetriedWrite, RetryingWrites } from '../bench/upgrade/retrying-writes.ts';
import { etcdVersion } from '../real/binaries.ts';
import { CLAIMS, PODS, SET, SetOnApi, until, VOLUMES } from './set-on-api.ts';

const [OLDER, NEWER] = [etcdVersion('3.4'), etcdVersion('3.5')];

/** What a change of the image is here: the annotation says which etcd is in it. */
const template = (version: string): object => ({
  spec: { template: { metadata: { annotations: { 'etcd-caretaker.io/etcd-version': version } } } },
});

describe('a StatefulSet on a real API server', () => {
  let on: SetOnApi;
  beforeAll(async () => {
    on = await SetOnApi.start('3.4');
  });
  afterAll(() => on?.[Symbol.asyncDispose]());

  test('the agents may do what they need, and nothing else', async () => {
    const may = async (...args: readonly string[]): Promise<boolean> =>
      (
        await on.plane
          .kubectl(['auth', 'can-i', ...args, '-n', 'etcd'], { kubeconfig: on.agentKubeconfig })
          .catch(String)
      ).trim() === 'yes';
    for (const [verb, what] of [
      ...[
        ['patch', 'statefulsets/etcd'],
        ['get', 'pods/etcd-0'],
        ['delete', 'pods/etcd-0'],
        ['create', 'events'],
      ],
    ] as const) {
      expect(await may(verb ?? '', what ?? ''), `${verb} ${what}`).toBe(true);
    }
    for (const [verb, what] of [
      ...[
        ['patch', 'statefulsets/other'],
        ['delete', 'statefulsets/etcd'],
        ['get', 'pods/other-0'],
        ['list', 'pods'],
      ],
      ...[
        ['get', 'secrets'],
        ['get', 'configmaps'],
        ['create', 'pods'],
        ['create', 'pods/exec'],
        ['get', 'nodes'],
      ],
      ...[
        ['delete', 'persistentvolumeclaims/data-etcd-0'],
        ['patch', 'persistentvolumes'],
        ['patch', 'roles'],
      ],
    ] as const) {
      expect(await may(verb ?? '', what ?? ''), `${verb} ${what}`).toBe(false);
    }
  });

  test('begins with one member, and grows to three and to five', async () => {
    await on.scale(1);
    await on.untilWell(1);
    await on.scale(3);
    await on.untilWell(3);
    await on.scale(5);
    await on.untilWell(5);
    expect([...(await on.members()).keys()].toSorted()).toEqual(['etcd-0', 'etcd-1', 'etcd-2', 'etcd-3', 'etcd-4']);
  });

  test('shrinks to three: the members of the highest ordinals leave', async () => {
    const before = await on.members();
    await on.scale(3);
    await on.untilWell(3);
    const after = await on.members();
    for (const name of ['etcd-0', 'etcd-1', 'etcd-2']) expect(after.get(name)).toBe(before.get(name));
  });

  test('a pod that is deleted comes back as the member that it was', async () => {
    const [before, { metadata }] = [await on.members(), await on.pod('etcd-1')];
    await on.plane.done('DELETE', `${PODS}/etcd-1`);
    await until(async () => expect((await on.pod('etcd-1')).metadata.uid).not.toBe(metadata.uid));
    await on.untilWell(3);
    expect([...(await on.members())].toSorted()).toEqual([...before].toSorted());
  });

  test('of pods that are drained at once one goes, and the next only when it is back', async () => {
    const evict = async (name: string): Promise<number> =>
      (
        await on.plane.call('POST', `${PODS}/${name}/eviction`, {
          ...{ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'etcd' } },
        })
      ).status;
    const gone = async (name: string): Promise<void> => {
      const { metadata } = await on.pod(name);
      await until(async () => expect(await evict(name)).toBe(201));
      if (name === 'etcd-0') expect(await evict('etcd-1')).toBe(429);
      await until(async () => expect((await on.pod(name)).metadata.uid).not.toBe(metadata.uid));
      await on.untilWell(3);
    };
    await gone('etcd-0');
    await gone('etcd-1');
  });

  test('a pod whose claim is deleted with it is replaced', async () => {
    const before = await on.members();
    const { metadata } = await on.pod('etcd-2');
    await on.plane.done('DELETE', `${CLAIMS}/data-etcd-2`);
    await on.plane.done('DELETE', `${PODS}/etcd-2`);
    await until(async () => expect((await on.pod('etcd-2')).metadata.uid).not.toBe(metadata.uid));
    await until(async () => expect((await on.members()).get('etcd-2')).not.toBe(before.get('etcd-2')));
    await on.untilWell(3);
  });

  test('a member is replaced while the API server is away', async () => {
    const before = await on.members();
    await on.plane.stopApi();
    await on.cluster.member('etcd-0').wipeData();
    on.cluster.member('etcd-0').killEtcd();
    await until(async () => expect((await on.members()).get('etcd-0')).not.toBe(before.get('etcd-0')));
    await on.cluster.untilWell(['etcd-0', 'etcd-1', 'etcd-2'], 240_000);
    await on.plane.startApi();
    await on.untilWell(3);
  });

  test('a template that does not say which etcd is in it changes no pod, and the agents say why', async () => {
    const uids = async (): Promise<readonly string[]> =>
      Promise.all(['etcd-0', 'etcd-1', 'etcd-2'].map(async (name) => (await on.pod(name)).metadata.uid));
    const before = await uids();
    await on.plane.done('PATCH', SET, {
      spec: { template: { metadata: { annotations: { 'etcd-caretaker.io/etcd-version': null } } } },
    });
    await until(async () => expect(await on.reasonsFor('rollout')).toContain('VERSION_UNKNOWN'));
    await on.plane.done('PATCH', SET, template(OLDER));
    await until(async () => expect(await on.reasonsFor('rollout')).toContain('PODS_CURRENT'));
    expect(await uids()).toEqual(before);
  });

  test('another image brings etcd from 3.4 to 3.5 under writes: none is lost, and none fails of a client that tries again', async () => {
    const endpoints = ['etcd-0', 'etcd-1', 'etcd-2'].map((name) => on.cluster.member(name).endpoint);
    const writes = new NumberedWrites(endpoints, 100);
    const retrying = new RetryingWrites(endpoints, 50);
    let retried: readonly RetriedWrite[] = [];
    const before = await on.members();
    await on.plane.done('PATCH', SET, template(NEWER));
    try {
      await until(async () => {
        for (const name of before.keys()) {
          const client = on.cluster.client(name);
          try {
            expect((await client.status()).version).toBe(NEWER);
          } finally {
            client.close();
          }
        }
      }, 600_000);
    } finally {
      await writes.end();
      retried = await retrying.end();
    }
    await on.untilWell(3);
    expect([...(await on.members())].toSorted()).toEqual([...before].toSorted());
    const client = on.cluster.client('etcd-0');
    const { acknowledged, missing } = await writes.missing(client, performance.now());
    client.close();
    expect(acknowledged).toBeGreaterThan(1000);
    expect(missing).toBe(0);
    expect(retried.length).toBeGreaterThan(500);
    expect(retried.filter((each) => !each.acknowledged)).toEqual([]);
    await until(async () => {
      const set = await on.plane.done('GET', SET);
      expect(set.spec.updateStrategy.rollingUpdate.partition).toBe(1000);
      expect(set.status.currentRevision).toBe(set.status.updateRevision);
    });
  });

  test('a node that is gone takes its volume out of use, and its member comes up elsewhere with the volume kept', async () => {
    await on.plane.kubectl(['apply', '--server-side', '-f', '-'], { input: releaseRights });
    const before = await on.members();
    const node = (await on.kubelet.nodeOf('etcd-1')) ?? '';
    const volume = (await on.plane.done('GET', `${CLAIMS}/data-etcd-1`)).spec.volumeName;
    await on.kubelet.powerOff(node);
    await on.plane.done('DELETE', `/api/v1/nodes/${node}`);
    await until(async () => expect((await on.members()).get('etcd-1')).not.toBe(before.get('etcd-1')), 400_000);
    await on.untilWell(3);
    expect(await on.kubelet.nodeOf('etcd-1')).not.toBe(node);
    const kept = await on.plane.done('GET', `${VOLUMES}/${volume}`);
    expect(kept.spec.persistentVolumeReclaimPolicy).toBe('Retain');
    expect(kept.metadata.labels['etcd-caretaker.io/quarantine']).toBe('true');
    expect(readdirSync(on.cluster.member('etcd-1').folder)).toContain(volume);
  });
});

/** What docs/supervise-statefulset.md grants for it. */
const releaseRights = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: etcd-release, namespace: etcd}
rules:
  - {apiGroups: [""], resources: [persistentvolumeclaims], resourceNames: [data-etcd-0, data-etcd-1, data-etcd-2], verbs: [get, delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: etcd-release, namespace: etcd}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: etcd-release}
subjects: [{kind: ServiceAccount, name: etcd, namespace: etcd}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: etcd-release}
rules:
  - {apiGroups: [""], resources: [persistentvolumes], verbs: [get, patch]}
  - {apiGroups: [""], resources: [nodes], verbs: [get, list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: etcd-release}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: etcd-release}
subjects: [{kind: ServiceAccount, name: etcd, namespace: etcd}]
`;
