import { expect, test } from 'vitest';
import { type KubeApi, kubeApi } from '../../../src/supervise/statefulset/kube-api.ts';
import { kubeConnection } from '../../../src/supervise/statefulset/kube-connection.ts';
import { planRelease, QUARANTINE_LABEL, releaseClaim } from '../../../src/supervise/statefulset/release-claim.ts';
import { CLAIMS, NODES, PODS, type StandInApi, standInApi, VOLUMES } from './stand-in-api.ts';

const { signal } = new AbortController();
const right = { signal, check: () => undefined };
const marks = { member: 'etcd-1', statefulSet: 'etcd', atMs: Date.parse('2026-01-02T03:04:05Z') };
const names = { pod: 'etcd-1', claimTemplates: ['data'] };

/** A pod of a StatefulSet with a volume on the disk of one node; further pods may use another claim. */
function place(at: StandInApi, volume: { readonly local?: boolean; readonly policy?: string } = {}): void {
  const { local = true, policy = 'Delete' } = volume;
  const node = { key: 'kubernetes.io/hostname', operator: 'In', values: ['n1'] };
  at.put(NODES, { metadata: { name: 'n1', labels: { 'kubernetes.io/hostname': 'n1' } }, spec: {} });
  at.put(PODS, {
    metadata: { name: 'etcd-1', uid: 'pod-1' },
    spec: { nodeName: 'n1', volumes: [{ persistentVolumeClaim: { claimName: 'data-etcd-1' } }, { emptyDir: {} }] },
  });
  at.put(CLAIMS, { metadata: { name: 'data-etcd-1', uid: 'claim-1' }, spec: { volumeName: 'pv-1' } });
  at.put(VOLUMES, {
    metadata: { name: 'pv-1', labels: { kept: 'yes' } },
    spec: {
      ...{ persistentVolumeReclaimPolicy: policy, claimRef: { uid: 'claim-1' } },
      ...(local ? { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [node] }] } } } : {}),
    },
  });
}

async function connected(at: StandInApi): Promise<KubeApi> {
  return kubeApi(await kubeConnection(at.kubeconfig), 'ns');
}

/** The calls that change anything. */
function changes({ calls }: StandInApi): readonly string[] {
  return calls.filter((call) => !call.startsWith('GET')).map((call) => call.split(' ').slice(0, 2).join(' '));
}

async function planned(api: KubeApi) {
  const plan = await planRelease(names, api, signal);
  if (plan === undefined) throw new Error('there is nothing to release');
  return plan;
}

/** What a person is told to delete. */
const isInQuarantine = (at: StandInApi): boolean =>
  JSON.stringify(at.get(VOLUMES, 'pv-1')?.metadata['labels']).includes(QUARANTINE_LABEL);

test('the volume is kept before its claim is deleted, and in quarantine once that is gone, and the pod is not forced', async () => {
  await using at = await standInApi();
  const api = await connected(at);
  place(at);
  at.remove(NODES, 'n1');
  const plan = await planned(api);
  expect(plan).toMatchObject({ claimUid: 'claim-1', podUid: 'pod-1', volume: 'pv-1' });
  expect(await releaseClaim(plan, marks, api, right)).toBe('claim');
  expect(changes(at)).toEqual([`PATCH ${VOLUMES}/pv-1`, `DELETE ${CLAIMS}/data-etcd-1`, `DELETE ${PODS}/etcd-1`]);
  expect(at.calls.filter((call) => call.includes('gracePeriodSeconds'))).toEqual([]);
  expect(at.get(VOLUMES, 'pv-1')).toMatchObject({
    metadata: {
      annotations: {
        'etcd-caretaker.io/member': 'etcd-1',
        'etcd-caretaker.io/release-begun-at': '2026-01-02T03:04:05.000Z',
      },
    },
    spec: { persistentVolumeReclaimPolicy: 'Retain' },
  });
  expect(await releaseClaim(plan, marks, api, right)).toBe('claim');
  expect(isInQuarantine(at)).toBe(false);
  at.remove(CLAIMS, 'data-etcd-1');
  expect(await releaseClaim(plan, marks, api, right)).toBe('pod');
  expect(at.get(VOLUMES, 'pv-1')).toMatchObject({
    metadata: {
      labels: { kept: 'yes', [QUARANTINE_LABEL]: 'true' },
      annotations: {
        'etcd-caretaker.io/member': 'etcd-1',
        'etcd-caretaker.io/quarantined-at': '2026-01-02T03:04:05.000Z',
      },
    },
    spec: { persistentVolumeReclaimPolicy: 'Retain' },
  });
  at.remove(PODS, 'etcd-1');
  expect(await releaseClaim(plan, marks, api, right)).toBe('nothing');
  expect(changes(at).slice(3)).toEqual([`PATCH ${VOLUMES}/pv-1`]);
});

test('an agent that goes on after the claim is gone still calls the volume one in quarantine', async () => {
  await using at = await standInApi();
  const api = await connected(at);
  place(at);
  at.remove(NODES, 'n1');
  const plan = await planned(api);
  expect(await releaseClaim(plan, marks, api, right)).toBe('claim');
  at.remove(CLAIMS, 'data-etcd-1');
  at.remove(PODS, 'etcd-1');
  const check = (): never => {
    throw new Error('it dies');
  };
  await expect(releaseClaim(plan, marks, api, { signal, check })).rejects.toThrow('it dies');
  expect(isInQuarantine(at)).toBe(false);
  // The StatefulSet makes them anew meanwhile.
  at.put(CLAIMS, { metadata: { name: 'data-etcd-1', uid: 'claim-2' }, spec: { volumeName: 'pv-2' } });
  at.put(PODS, { metadata: { name: 'etcd-1', uid: 'pod-2' }, spec: { nodeName: 'n2' } });
  expect(await releaseClaim(plan, marks, api, right)).toBe('nothing');
  expect(isInQuarantine(at)).toBe(true);
});

test('a volume that another claim uses by then is not called one in quarantine', async () => {
  await using at = await standInApi();
  const api = await connected(at);
  place(at);
  at.remove(NODES, 'n1');
  const plan = await planned(api);
  at.remove(CLAIMS, 'data-etcd-1');
  at.put(VOLUMES, { metadata: { name: 'pv-1', labels: {} }, spec: { claimRef: { uid: 'claim-2' } } });
  expect(await releaseClaim(plan, marks, api, right)).toBe('pod');
  expect(isInQuarantine(at)).toBe(false);
});

test('it goes on wherever an agent has died', async () => {
  for (const diesAt of [1, 2, 3]) {
    await using at = await standInApi();
    const api = await connected(at);
    place(at);
    at.remove(NODES, 'n1');
    const plan = await planned(api);
    let checks = 0;
    const check = (): void => {
      checks += 1;
      if (checks === diesAt) throw new Error('it dies');
    };
    await expect(releaseClaim(plan, marks, api, { signal, check })).rejects.toThrow('it dies');
    expect(await releaseClaim(plan, marks, api, right)).toBe('claim');
    expect(changes(at)).toEqual([`PATCH ${VOLUMES}/pv-1`, `DELETE ${CLAIMS}/data-etcd-1`, `DELETE ${PODS}/etcd-1`]);
  }
});

test('a node that is there lets nothing be taken away, whether it is ready or not', async () => {
  await using at = await standInApi();
  const api = await connected(at);
  place(at);
  await expect(planRelease(names, api, signal)).rejects.toMatchObject({ code: 'NODE_NOT_GONE' });
  at.put(NODES, {
    metadata: { name: 'n1', labels: { 'kubernetes.io/hostname': 'n1' } },
    spec: { taints: [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }] },
  });
  await expect(planRelease(names, api, signal)).rejects.toMatchObject({ code: 'NODE_NOT_GONE' });
  at.put(NODES, {
    metadata: { name: 'n1', labels: { 'kubernetes.io/hostname': 'n1' } },
    spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] },
  });
  expect(await planned(api)).toMatchObject({ proof: 'n1 is tainted as out of service' });
  expect(changes(at)).toEqual([]);
});

test('a node that comes back in between keeps the claim, and its volume is not in quarantine', async () => {
  await using at = await standInApi();
  const api = await connected(at);
  place(at);
  at.remove(NODES, 'n1');
  const plan = await planned(api);
  at.before = (call) => {
    if (call === `PATCH ${VOLUMES}/pv-1`) {
      at.put(NODES, { metadata: { name: 'n1', labels: { 'kubernetes.io/hostname': 'n1' } }, spec: {} });
    }
  };
  await expect(releaseClaim(plan, marks, api, right)).rejects.toMatchObject({ code: 'NODE_NOT_GONE' });
  expect(changes(at)).toEqual([`PATCH ${VOLUMES}/pv-1`]);
  expect(isInQuarantine(at)).toBe(false);
});

test('a volume that can be used on other nodes is never given up', async () => {
  await using at = await standInApi();
  const api = await connected(at);
  place(at, { local: false });
  at.remove(NODES, 'n1');
  await expect(planRelease(names, api, signal)).rejects.toMatchObject({
    code: 'NODE_NOT_GONE',
    message: expect.stringContaining('not bound to one node'),
  });
});

test('a pod that is scheduled elsewhere by now is not taken for one whose node is gone', async () => {
  await using at = await standInApi();
  const api = await connected(at);
  place(at);
  at.remove(NODES, 'n1');
  at.put(NODES, { metadata: { name: 'n2' }, spec: {} });
  at.put(PODS, {
    metadata: { name: 'etcd-1', uid: 'pod-2' },
    spec: { nodeName: 'n2', volumes: [{ persistentVolumeClaim: { claimName: 'data-etcd-1' } }] },
  });
  await expect(planRelease(names, api, signal)).rejects.toMatchObject({ code: 'NODE_NOT_GONE' });
});

test('a claim and a pod that were made anew are never deleted', async () => {
  for (const anew of [`DELETE ${CLAIMS}/data-etcd-1`, `DELETE ${PODS}/etcd-1`, 'before']) {
    await using at = await standInApi();
    const api = await connected(at);
    place(at);
    at.remove(NODES, 'n1');
    const plan = await planned(api);
    const replace = (): void => {
      at.put(CLAIMS, { metadata: { name: 'data-etcd-1', uid: 'claim-2' }, spec: { volumeName: 'pv-2' } });
      at.put(PODS, { metadata: { name: 'etcd-1', uid: 'pod-2' }, spec: {} });
    };
    if (anew === 'before') replace();
    at.before = (call) => {
      if (call === anew) replace();
    };
    expect(await releaseClaim(plan, marks, api, right)).toBe('nothing');
    expect(at.get(CLAIMS, 'data-etcd-1')?.metadata).not.toHaveProperty('deletionTimestamp');
    expect(at.get(PODS, 'etcd-1')?.metadata).not.toHaveProperty('deletionTimestamp');
  }
});

test('a volume that changes while it is set to be kept is left to the next attempt', async () => {
  await using at = await standInApi();
  const api = await connected(at);
  place(at);
  at.remove(NODES, 'n1');
  const plan = await planned(api);
  at.before = (call) => {
    const volume = at.get(VOLUMES, 'pv-1');
    if (call.startsWith('PATCH') && volume !== undefined) at.put(VOLUMES, volume);
  };
  await expect(releaseClaim(plan, marks, api, right)).rejects.toMatchObject({ code: 'KUBE_CONFLICT' });
  at.before = undefined;
  expect(await releaseClaim(plan, marks, api, right)).toBe('claim');
});

test('a claim whose volume is gone is let go of once the pod’s node is gone too, if it has one', async () => {
  await using at = await standInApi();
  const api = await connected(at);
  place(at);
  at.remove(VOLUMES, 'pv-1');
  const put = (phase: string): void => {
    const metadata = { name: 'data-etcd-1', uid: 'claim-1' };
    at.put(CLAIMS, { metadata, spec: { volumeName: 'pv-1' }, status: { phase } });
  };
  put('Lost');
  await expect(planRelease(names, api, signal)).rejects.toMatchObject({ code: 'NODE_NOT_GONE' });
  at.remove(NODES, 'n1');
  // Its volume is only to come.
  put('Pending');
  expect(await planRelease(names, api, signal)).toBeUndefined();
  put('Lost');
  const plan = await planned(api);
  expect(plan.proof).toBe("the volume pv-1 is gone, and the pod's node n1 is gone");
  expect(await releaseClaim(plan, marks, api, right)).toBe('claim');
  expect(changes(at)).toEqual([`DELETE ${CLAIMS}/data-etcd-1`, `DELETE ${PODS}/etcd-1`]);
  at.remove(CLAIMS, 'data-etcd-1');
  at.remove(PODS, 'etcd-1');
  expect(await releaseClaim(plan, marks, api, right)).toBe('nothing');
  put('Lost');
  expect(await planned(api)).toMatchObject({ proof: 'the volume pv-1 is gone' });
});

test('a volume is bound to one node by that node’s name too, and by other labels it is not', async () => {
  await using at = await standInApi();
  const api = await connected(at);
  place(at);
  const bind = (term: object): void => {
    const nodeAffinity = { required: { nodeSelectorTerms: [term] } };
    at.put(VOLUMES, { metadata: { name: 'pv-1' }, spec: { claimRef: { uid: 'claim-1' }, nodeAffinity } });
  };
  bind({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] });
  await expect(planRelease(names, api, signal)).rejects.toMatchObject({
    code: 'NODE_NOT_GONE',
    message: expect.stringContaining('the node n1 is there'),
  });
  at.remove(NODES, 'n1');
  expect(await planned(api)).toMatchObject({ proof: expect.stringContaining('no node is left') });
  for (const term of [
    { matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['n1'] }] },
    { matchExpressions: [{ key: 'topology.kubernetes.io/zone', operator: 'In', values: ['z1'] }] },
  ]) {
    bind(term);
    await expect(planRelease(names, api, signal)).rejects.toMatchObject({
      message: expect.stringContaining('not bound to one node'),
    });
  }
});

test('which of several claims holds the data has to be said', async () => {
  await using at = await standInApi();
  const api = await connected(at);
  place(at);
  at.remove(NODES, 'n1');
  const volumes = ['data-etcd-1', 'spool-etcd-1'].map((claimName) => ({ persistentVolumeClaim: { claimName } }));
  at.put(PODS, { metadata: { name: 'etcd-1', uid: 'pod-1' }, spec: { nodeName: 'n1', volumes } });
  const both = { pod: 'etcd-1', claimTemplates: ['data', 'spool'] };
  await expect(planRelease(both, api, signal)).rejects.toMatchObject({ code: 'CLAIM_AMBIGUOUS' });
  expect(await planRelease({ pod: 'etcd-1', claim: 'data-etcd-1' }, api, signal)).toMatchObject({
    claim: 'data-etcd-1',
  });
});

test('a claim that pods share is never named, also where it is the only one that the pod has', async () => {
  await using at = await standInApi();
  const api = await connected(at);
  place(at);
  at.remove(NODES, 'n1');
  // It is bound to a volume that is on the same node.
  at.put(CLAIMS, { metadata: { name: 'backup', uid: 'claim-1' }, spec: { volumeName: 'pv-1' } });
  const volumes = [{ persistentVolumeClaim: { claimName: 'backup' } }];
  at.put(PODS, { metadata: { name: 'etcd-1', uid: 'pod-1' }, spec: { nodeName: 'n1', volumes } });
  for (const claimTemplates of [[], ['data']]) {
    await expect(planRelease({ pod: 'etcd-1', claimTemplates }, api, signal)).rejects.toMatchObject({
      code: 'CLAIM_AMBIGUOUS',
    });
  }
});

test('the claim of a pod that is gone already follows from the template of the set', async () => {
  await using at = await standInApi();
  const api = await connected(at);
  place(at);
  at.remove(NODES, 'n1');
  at.remove(PODS, 'etcd-1');
  const plan = await planned(api);
  expect(plan).toMatchObject({ claim: 'data-etcd-1', claimUid: 'claim-1' });
  expect(plan).not.toHaveProperty('podUid');
});
