import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { caredPod, grant } from './cared-pod.ts';

const soon = <T>(look: () => T) => expect.poll(look, { timeout: 60_000 });

test('a member leaves once the StatefulSet does not want its pod any more, and is asked for once', async () => {
  await using pod = await caredPod();
  pod.care.start();
  await sleep(100);
  expect(pod.asked).toEqual([]);
  pod.replicas = 2;
  await soon(() => pod.asked).toEqual(['leave etcd-2']);
  await sleep(200);
  expect(pod.asked).toEqual(['leave etcd-2']);
});

test('a leading agent asks for every member whose pod is not wanted, the highest ordinal first', async () => {
  await using pod = await caredPod();
  Object.assign(pod, {
    leads: true,
    listed: ['etcd-0', 'etcd-3', 'etcd-2', 'etcd-4', 'other-9', ''],
    onAsked: grant(pod),
  });
  pod.care.start();
  await soon(() => pod.asked).toEqual(['leave etcd-4', 'leave etcd-3']);
  await sleep(100);
  expect(pod.listed).toEqual(['etcd-0', 'etcd-2', 'other-9', '']);
});

test('a leading agent asks for nobody beside whom an agent is: that one knows its own StatefulSet', async () => {
  await using pod = await caredPod();
  Object.assign(pod, { leads: true, listed: ['etcd-0', 'etcd-3', 'etcd-4'], attended: ['etcd-4'] });
  pod.care.start();
  await soon(() => pod.asked).toEqual(['leave etcd-3']);
  await sleep(100);
  expect(pod.asked).toEqual(['leave etcd-3']);
});

test('another agent asks for nobody but its own member', async () => {
  await using pod = await caredPod();
  Object.assign(pod, { listed: ['etcd-0', 'etcd-2', 'etcd-3'] });
  pod.care.start();
  await sleep(200);
  expect(pod.asked).toEqual([]);
});

test('a StatefulSet of no replicas makes nobody leave', async () => {
  await using pod = await caredPod();
  Object.assign(pod, { leads: true, replicas: 0 });
  pod.care.start();
  await sleep(200);
  expect(pod.asked).toEqual([]);
});

test('while the API is away nobody is asked to leave, and that is told', async () => {
  await using pod = await caredPod();
  pod.care.start();
  await soon(() => pod.faults.length).toBe(0);
  await sleep(50);
  pod.replicas = undefined;
  await soon(() => pod.faults).toContain('KUBE_AWAY');
  expect(pod.asked).toEqual([]);
});

test('a member that has left so may come back when the StatefulSet is larger again, and one that a person had leave may not', async () => {
  await using pod = await caredPod();
  const member = { clusterId: 'c', memberId: 'etcd-2', members: [], agents: [] };
  await pod.memory.remember({ ...member, leftAtMs: 1, leftBy: 'statefulset' });
  pod.replicas = 2;
  pod.care.start();
  await sleep(100);
  expect(pod.memory.current).toMatchObject({ leftAtMs: 1 });
  pod.replicas = 3;
  await soon(() => pod.done).toContain('reconsider');
  expect(pod.memory.current).toEqual({ ...member, leftBy: 'statefulset' });
  await pod.memory.remember({ ...member, leftAtMs: 2 });
  await sleep(100);
  expect(pod.memory.current).toMatchObject({ leftAtMs: 2 });
});
