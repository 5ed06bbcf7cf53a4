import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { PodSetSource } from '../../../src/agent/statefulset/pod-set-source.ts';
import type { Observation } from '../../../src/cluster/observation.ts';
import { kubeApi } from '../../../src/supervise/statefulset/kube-api.ts';
import { kubeConnection } from '../../../src/supervise/statefulset/kube-connection.ts';
import { SETS, type StandInApi, standInApi } from '../../supervise/statefulset/stand-in-api.ts';

const { signal } = new AbortController();
/** A machine may be slow. */
const patient = { timeout: 20_000 };
const identity = { namespace: 'ns', pod: 'etcd-0', statefulSet: 'etcd', ordinal: 0 };

async function sourceOn(at: StandInApi, leads: () => boolean, freshMs = 60_000, lookMs = 20): Promise<PodSetSource> {
  return new PodSetSource({
    identity,
    api: kubeApi(await kubeConnection(at.kubeconfig), 'ns'),
    timing: { lookMs, freshMs },
    observation: () => ({ sections: {}, caretaking: { leads: leads() } }) as unknown as Observation,
    onFault: () => undefined,
  });
}

function putSet(at: StandInApi, partition = 1000, updateRevision = 'new'): void {
  const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition } };
  at.put(SETS, {
    metadata: { name: 'etcd' },
    spec: { replicas: 1, updateStrategy },
    ...{ status: { updateRevision } },
  });
}

const newest = { index: 0, atRest: 1000, revision: 'new' };
const patches = ({ calls }: StandInApi): readonly string[] => calls.filter((call) => call.startsWith('PATCH'));

test('only the leading agent looks, and what it has seen counts for as long as it is young', async () => {
  await using at = await standInApi();
  putSet(at);
  let leads = false;
  await using source = await sourceOn(at, () => leads, 300);
  source.start();
  await vi.waitFor(() => expect(at.calls).toEqual([]), patient);
  leads = true;
  await vi.waitFor(() => expect(source.view).toMatchObject({ name: 'etcd', partition: 1000 }), patient);
  await at.away(true);
  await vi.waitFor(() => expect(source.view).toBeUndefined(), patient);
  await at.away(false);
  await vi.waitFor(() => expect(source.view).toMatchObject({ name: 'etcd' }), patient);
});

test('of a pod that no member has the name of it is looked whether its node is gone', async () => {
  await using at = await standInApi();
  putSet(at);
  await using source = new PodSetSource({
    identity,
    api: kubeApi(await kubeConnection(at.kubeconfig), 'ns'),
    timing: { lookMs: 20, freshMs: 60_000 },
    observation: () =>
      ({
        sections: { cluster: { value: { members: [{ name: '', reachable: false }] } } },
        caretaking: { leads: true },
      }) as unknown as Observation,
    onFault: () => undefined,
  });
  source.start();
  await vi.waitFor(() => expect(source.view?.pods[0]?.node).toMatchObject({ verdict: 'unknown' }), 5000);
});

test('the claim to let go of is worked out by the templates of the set, and of a set that is gone nothing is', async () => {
  await using at = await standInApi();
  putSet(at);
  await using source = await sourceOn(at, () => true);
  await expect(source.port.planRelease('etcd-0', signal)).rejects.toMatchObject({ code: 'CLAIM_AMBIGUOUS' });
  at.remove(SETS, 'etcd');
  await expect(source.port.planRelease('etcd-0', signal)).rejects.toMatchObject({ code: 'NO_POD_SET' });
});

test('what was seen before a change, or before another agent led, says nothing any more', async () => {
  await using at = await standInApi();
  putSet(at);
  let leads = true;
  await using source = await sourceOn(at, () => leads);
  source.start();
  await vi.waitFor(() => expect(source.view).toMatchObject({ partition: 1000 }), patient);
  leads = false;
  await vi.waitFor(() => expect(source.view).toBeUndefined(), patient);

  await using seldom = await sourceOn(at, () => true, 60_000, 3_600_000);
  seldom.start();
  await vi.waitFor(() => expect(seldom.view).toMatchObject({ partition: 1000 }), patient);
  await seldom.port.holdBack(900, { signal, check: () => undefined });
  expect(seldom.view).toBeUndefined();
});

test('a look that a change has overtaken says nothing either', async () => {
  await using at = await standInApi();
  putSet(at);
  const source = await sourceOn(at, () => true, 60_000, 3_600_000);
  await using _ = source;
  let changed: Promise<void> | undefined;
  at.before = (call) => {
    if (call.startsWith('GET') && call.includes('pods'))
      changed ??= source.port.holdBack(900, { signal, check: () => undefined });
  };
  source.start();
  await vi.waitFor(() => expect(changed).toBeDefined(), patient);
  await changed;
  // As long as the rest of that look may take.
  await sleep(200);
  expect(source.view).toBeUndefined();
});

test('the partition is changed at the very version that was read, so that what comes late changes nothing', async () => {
  await using at = await standInApi();
  putSet(at);
  await using source = await sourceOn(at, () => true);
  let times = 0;
  at.before = (call) => {
    // Its controller counts its pods anew in between.
    if (call.startsWith('PATCH') && times < 2) {
      times += 1;
      putSet(at);
    }
  };
  const right = { signal, check: () => undefined };
  await source.port.lowerPartition(newest, right);
  expect(patches(at)).toHaveLength(3);
  expect(at.get(SETS, 'etcd')).toMatchObject({
    metadata: { annotations: { 'etcd-caretaker.io/partition-at-rest': '1000' } },
    spec: { updateStrategy: { rollingUpdate: { partition: 0 } } },
  });
  // It always writes, so that a change that was sent before finds another version.
  await source.port.holdBack(1000, right);
  await source.port.holdBack(1000, right);
  expect(patches(at)).toHaveLength(5);
  expect(at.get(SETS, 'etcd')).toMatchObject({
    spec: { updateStrategy: { rollingUpdate: { partition: 1000 } } },
  });
  expect(Object.keys(at.get(SETS, 'etcd')?.metadata['annotations'] ?? {})).toEqual([
    'etcd-caretaker.io/partition-change',
  ]);
});

test('what was sent before the pods were held back, and comes late, changes nothing, also where they were held back already', async () => {
  await using at = await standInApi();
  putSet(at);
  await using source = await sourceOn(at, () => true);
  const api = kubeApi(await kubeConnection(at.kubeconfig), 'ns');
  const { setVersion = '' } = await api.statefulSet('etcd', signal);
  await source.port.holdBack(1000, { signal, check: () => undefined });
  const late = api.setPartition({ name: 'etcd', setVersion }, { partition: 0, atRest: 1000 }, signal);
  await expect(late).rejects.toMatchObject({ code: 'KUBE_CONFLICT' });
  expect(at.get(SETS, 'etcd')).toMatchObject({ spec: { updateStrategy: { rollingUpdate: { partition: 1000 } } } });
});

test('a template that is changed between reading and lowering is not the one that was looked at', async () => {
  await using at = await standInApi();
  putSet(at);
  await using source = await sourceOn(at, () => true);
  at.before = (call) => {
    if (!call.startsWith('PATCH') || at.get(SETS, 'etcd')?.metadata['annotations'] !== undefined) return;
    putSet(at, 1000, 'newer');
  };
  const lowered = source.port.lowerPartition(newest, { signal, check: () => undefined });
  await expect(lowered).rejects.toMatchObject({ code: 'TEMPLATE_CHANGED' });
  expect(at.get(SETS, 'etcd')).toMatchObject({ spec: { updateStrategy: { rollingUpdate: { partition: 1000 } } } });
});

test('a partition that somebody has lowered further is not raised by lowering it', async () => {
  await using at = await standInApi();
  putSet(at, 0);
  await using source = await sourceOn(at, () => true);
  const lowered = source.port.lowerPartition({ ...newest, index: 1 }, { signal, check: () => undefined });
  await expect(lowered).rejects.toMatchObject({ code: 'PARTITION_CHANGED' });
  expect(patches(at)).toEqual([]);
});

test('nothing is changed once the right to do it is lost, nor where Kubernetes rolls nothing out by itself', async () => {
  await using at = await standInApi();
  putSet(at);
  await using source = await sourceOn(at, () => true);
  const lost = (): never => {
    throw new Error('the term is over');
  };
  await expect(source.port.lowerPartition(newest, { signal, check: lost })).rejects.toThrow('the term is over');
  at.put(SETS, { metadata: { name: 'etcd' }, spec: { replicas: 1, updateStrategy: { type: 'OnDelete' } } });
  await expect(source.port.lowerPartition(newest, { signal, check: () => undefined })).rejects.toMatchObject({
    code: 'ROLLOUT_BY_KUBERNETES',
  });
  at.remove(SETS, 'etcd');
  await expect(source.port.lowerPartition(newest, { signal, check: () => undefined })).rejects.toMatchObject({
    code: 'NO_POD_SET',
  });
  expect(patches(at)).toEqual([]);
});
