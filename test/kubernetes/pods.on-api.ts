import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { TendedCluster, type TendedMember } from '../healing/tended-cluster.ts';
import { askOverSocket } from '../healing/tended-member.ts';
import { EVENTS, PODS, SETS, type StandInApi, standInApi } from '../supervise/statefulset/stand-in-api.ts';

const soon = { timeout: 240_000, interval: 200 };
let api: StandInApi;
let cluster: TendedCluster;

beforeAll(async () => {
  api = await standInApi();
  await scale(3);
  for (const ordinal of [0, 1, 2]) api.put(PODS, { metadata: { name: `etcd-${ordinal}` }, spec: {} });
  cluster = await TendedCluster.start({
    nameOf: (index) => `etcd-${index}`,
    set: {
      'supervise.kind': 'statefulset',
      'supervise.statefulset.namespace': 'ns',
      'supervise.statefulset.kubeconfig': api.kubeconfig,
    },
  });
  await untilWell();
});

afterAll(async () => {
  await cluster?.close();
  await api?.[Symbol.asyncDispose]();
});

/** All are voters, the agents may act, and no operation is under way any more: one that is would keep the next waiting. */
const untilWell = async (names?: readonly string[]): Promise<void> => {
  await cluster.untilWell(names, 240_000);
  await vi.waitFor(async () => {
    const socket = join(cluster.member('etcd-0').folder, 'agent.sock');
    expect(await askOverSocket(socket, '/api/v1/decisions')).toMatchObject({ armed: expect.anything() });
    expect(await cluster.slot()).toBeUndefined();
  }, soon);
};

const scale = async (replicas: number): Promise<void> => {
  api.put(SETS, { metadata: { name: 'etcd' }, spec: { replicas } });
};

/** As a kubelet ends a pod: SIGTERM to the agent, which is back when etcd has ended too. */
const endPod = async (member: TendedMember): Promise<void> => {
  const pod = api.get(PODS, member.name);
  const deletion = { deletionTimestamp: new Date().toISOString(), deletionGracePeriodSeconds: 120 };
  if (pod !== undefined) api.put(PODS, { ...pod, metadata: { ...pod.metadata, ...deletion } });
  await member.killAgent('SIGTERM');
  expect(member.etcdPid()).toBeUndefined();
  api.remove(PODS, member.name);
};

const startPod = (member: TendedMember): void => {
  api.put(PODS, { metadata: { name: member.name }, spec: {} });
  member.startAgent();
};

const members = async (): Promise<ReadonlyMap<string, string>> => {
  const client = cluster.client('etcd-0');
  try {
    return new Map((await client.memberList()).members.map(({ name, id }) => [name, id]));
  } finally {
    client.close();
  }
};

test('a pod that is deleted comes back as the member that it was', async () => {
  const before = await members();
  await endPod(cluster.member('etcd-1'));
  expect([...(await members())]).toEqual([...before]);
  startPod(cluster.member('etcd-1'));
  await untilWell();
  expect([...(await members())]).toEqual([...before]);
});

test('pods start with their data while the Kubernetes API is away, and stay members when they end', async () => {
  const before = await members();
  await api.away(true);
  await endPod(cluster.member('etcd-2'));
  expect([...(await members())]).toEqual([...before]);
  startPod(cluster.member('etcd-2'));
  await untilWell();
  expect([...(await members())]).toEqual([...before]);
  await api.away(false);
});

test('a pod that ends as its StatefulSet is made smaller leaves first, and joins anew when that is larger again', async () => {
  const before = await members();
  const last = cluster.member('etcd-2');
  await scale(2);
  await endPod(last);
  expect([...(await members()).keys()].toSorted()).toEqual(['etcd-0', 'etcd-1']);
  await untilWell(['etcd-0', 'etcd-1']);
  await scale(3);
  startPod(last);
  await untilWell();
  expect((await members()).get('etcd-2')).not.toBe(before.get('etcd-2'));
  const reasons = (): readonly unknown[] => api.list(EVENTS).map((event) => Reflect.get(event, 'reason'));
  const all = ['LeaveStarted', 'LeaveSucceeded', 'JoinStarted', 'JoinSucceeded'];
  await vi.waitFor(() => expect(reasons()).toEqual(expect.arrayContaining(all)), soon);
  expect(readdirSync(last.folder).filter((name) => name.includes('quarantine'))).toHaveLength(1);
  expect(existsSync(last.dataDir)).toBe(true);
});

test('the member of a pod that is gone already is removed all the same', async () => {
  const last = cluster.member('etcd-2');
  await last.killAgent();
  last.killEtcd();
  api.remove(PODS, last.name);
  await scale(2);
  await vi.waitFor(async () => expect([...(await members()).keys()].toSorted()).toEqual(['etcd-0', 'etcd-1']), soon);
});
