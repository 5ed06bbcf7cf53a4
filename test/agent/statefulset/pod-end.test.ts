import { expect, test } from 'vitest';
import { endPod } from '../../../src/agent/statefulset/pod-end.ts';
import { caredPod, grant } from './cared-pod.ts';

const { signal } = new AbortController();

test('a pod that is deleted as any other keeps its member, gives the raft leadership away and stops etcd', async () => {
  await using pod = await caredPod();
  Object.assign(pod, { raftLeader: 'etcd-2', onAsked: grant(pod) });
  await endPod(pod.care, signal);
  expect(pod.asked).toEqual(['move-leader']);
  expect(pod.done).toEqual(['retire', 'stop']);
  expect(pod.listed).toContain('etcd-2');
});

test('a pod that does not lead is stopped at once', async () => {
  await using pod = await caredPod();
  await endPod(pod.care, signal);
  expect(pod.asked).toEqual([]);
  expect(pod.done).toEqual(['retire', 'stop']);
});

test('a pod that ends since the StatefulSet was made smaller leaves before etcd is stopped', async () => {
  await using pod = await caredPod();
  pod.replicas = 2;
  pod.onAsked = (request) => {
    expect(pod.done).toEqual(['retire']);
    grant(pod)(request);
  };
  await endPod(pod.care, signal);
  expect(pod.asked).toEqual(['leave etcd-2']);
  expect(pod.done).toEqual(['retire', 'stop']);
});

test('where nobody can say why the pod ends, the member stays', async () => {
  await using pod = await caredPod();
  pod.replicas = undefined;
  await endPod(pod.care, signal);
  expect(pod.asked).toEqual([]);
  expect(pod.faults).toEqual(['KUBE_AWAY']);
  expect(pod.done).toEqual(['retire', 'stop']);
});

test('a member that cannot leave in time is stopped all the same, and that is told', async () => {
  await using pod = await caredPod(2);
  pod.replicas = 2;
  await endPod(pod.care, signal);
  expect(pod.asked).toEqual(['leave etcd-2']);
  expect(pod.faults).toHaveLength(1);
  expect(pod.done).toEqual(['retire', 'stop']);
});
