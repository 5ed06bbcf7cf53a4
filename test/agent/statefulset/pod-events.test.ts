import { expect, test } from 'vitest';
import { PodEvents } from '../../../src/agent/statefulset/pod-events.ts';
import { faultOf } from '../../../src/cluster/agent-error.ts';
import type { NotifyEvent } from '../../../src/expose/notify/event.ts';
import { kubeApi } from '../../../src/supervise/statefulset/kube-api.ts';
import { kubeConnection } from '../../../src/supervise/statefulset/kube-connection.ts';
import { EVENTS, PODS, SETS, type StandInApi, standInApi } from '../../supervise/statefulset/stand-in-api.ts';

/** A machine that is busy takes long to load the library. */
const soon = <T>(look: () => T) => expect.poll(look, { timeout: 60_000 });

const replaced = (more: Partial<NotifyEvent> = {}): NotifyEvent => ({
  name: 'operation-ended',
  atMs: Date.now(),
  severity: 'info',
  summary: 'replace on etcd-1 succeeded after 9.0 s: it votes again',
  description: 'its data are gone\nand nobody else has them',
  ...{ operation: 'replace', members: ['etcd-1'], id: 'op-1', outcome: 'succeeded' },
  ...more,
});

const withSet = async (): Promise<StandInApi> => {
  const at = await standInApi();
  at.put(SETS, { metadata: { name: 'etcd', uid: 'set-uid' }, spec: { replicas: 3 } });
  at.put(PODS, { metadata: { name: 'etcd-1', uid: 'pod-uid' }, spec: {} });
  return at;
};

const telling = async (at: StandInApi, giveUpMs = 60_000) => {
  const faults: string[] = [];
  const events = new PodEvents({
    identity: { namespace: 'ns', statefulSet: 'etcd', pod: 'etcd-0', ordinal: 0 },
    api: kubeApi(await kubeConnection(at.kubeconfig), 'ns'),
    timing: { firstPauseMs: 20, longestPauseMs: 50, giveUpMs },
    onFault: (_, error) => faults.push(faultOf(error).code),
  });
  return Object.assign(events, { faults });
};

const said = (at: StandInApi): readonly string[] =>
  at.list(EVENTS).map((event) => {
    const { involvedObject, type, reason, message } = event as unknown as {
      readonly involvedObject: { readonly kind: string; readonly uid: string };
      readonly type: string;
      readonly reason: string;
      readonly message: string;
    };
    return `${involvedObject.kind} ${involvedObject.uid}: ${type} ${reason} ${message}`;
  });

const message = 'replace on etcd-1 succeeded after 9.0 s: it votes again (its data are gone)';

test('what an operation came to is an event of the StatefulSet and of the pod, once, whoever says it', async () => {
  await using at = await withSet();
  await using events = await telling(at);
  events.tell(replaced());
  events.tell(replaced());
  events.tell(
    replaced({ name: 'page', severity: 'critical', id: 'p', summary: 'replace: no', description: '', repeated: true }),
  );
  events.tell(replaced({ outcome: 'failed', severity: 'critical', id: 'op-2', summary: 'no', description: '' }));
  await soon(() => said(at)).toEqual([
    `StatefulSet set-uid: Normal ReplaceSucceeded ${message}`,
    `Pod pod-uid: Normal ReplaceSucceeded ${message}`,
    'StatefulSet set-uid: Warning ReplaceFailed no',
    'Pod pod-uid: Warning ReplaceFailed no',
  ]);
  expect(events.faults).toEqual([]);
});

test('a member without a pod, and what concerns no member, are events of the StatefulSet alone', async () => {
  await using at = await withSet();
  await using events = await telling(at);
  events.tell(replaced({ members: ['etcd-9'], description: '' }));
  const { operation: _, members: __, outcome: ___, ...rest } = replaced();
  events.tell({ ...rest, name: 'recovery-held', severity: 'critical', summary: 'no', description: '' });
  await soon(() => said(at)).toEqual([
    'StatefulSet set-uid: Normal ReplaceSucceeded replace on etcd-1 succeeded after 9.0 s: it votes again',
    'StatefulSet set-uid: Warning RecoveryHeld no',
  ]);
});

test('while the API is away nothing is lost, and an event whose answer was lost is not written twice', async () => {
  await using at = await withSet();
  await using events = await telling(at);
  await at.away(true);
  events.tell(replaced({ members: [] }));
  events.tell(replaced({ members: [], name: 'operation-started', description: '', summary: 'begun' }));
  await soon(() => events.faults.length).toBeGreaterThan(1);
  at.losesAnswers = true;
  await at.away(false);
  await soon(() => said(at).length).toBe(2);
  expect(said(at)).toEqual([
    `StatefulSet set-uid: Normal ReplaceSucceeded ${message}`,
    'StatefulSet set-uid: Normal ReplaceStarted begun',
  ]);
  expect(new Set(events.faults)).toEqual(new Set(['KUBE_AWAY']));
});

test('without the right to it, it is said and not tried again, and what came too late is not told', async () => {
  await using at = await withSet();
  at.forbid(`POST ${EVENTS}`);
  await using events = await telling(at, 1000);
  events.tell(replaced());
  await soon(() => events.faults).toEqual(['KUBE_FORBIDDEN']);
  events.tell(replaced({ atMs: Date.now() - 2000, id: 'old' }));
  events.tell(replaced({ id: 'new' }));
  await soon(() => events.faults).toEqual(['KUBE_FORBIDDEN', 'KUBE_FORBIDDEN']);
  expect(at.calls.filter((call) => call.startsWith('POST')).length).toBe(2);
});
