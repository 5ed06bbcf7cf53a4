import { expect, test } from 'vitest';
import { placeOf } from '../../../src/supervise/statefulset/place.ts';
import { podIdentity } from '../../../src/supervise/statefulset/pod-identity.ts';

const set = { name: 'etcd', uid: 'u', replicas: 3, firstOrdinal: 0, isDeleted: false, claimTemplates: [] };

test('an ordinal is kept while it is among the replicas, counted from where they start', () => {
  expect([0, 2, 3].map((ordinal) => placeOf(set, ordinal))).toEqual(['kept', 'kept', 'shrunk']);
  const later = { ...set, firstOrdinal: 2 };
  expect([1, 2, 4, 5].map((ordinal) => placeOf(later, ordinal))).toEqual(['shrunk', 'kept', 'kept', 'shrunk']);
});

test('a set of no replicas, one that is being deleted and one that is gone make nobody leave', () => {
  const stopped = [undefined, { ...set, replicas: 0 }, { ...set, isDeleted: true }];
  expect(stopped.map((each) => placeOf(each, 5))).toEqual(['stopped', 'stopped', 'stopped']);
});

test('a pod knows itself by the configuration, the downward API, or its host name', async () => {
  const around = { env: {}, hostname: 'etcd-main-2', accountDir: '/nowhere' };
  expect(await podIdentity({ namespace: 'ns' }, around)).toEqual({
    ...{ namespace: 'ns', pod: 'etcd-main-2', statefulSet: 'etcd-main', ordinal: 2 },
  });
  const env = { POD_NAME: 'etcd-0', POD_NAMESPACE: 'other' };
  expect(await podIdentity({}, { ...around, env })).toMatchObject({ namespace: 'other', pod: 'etcd-0' });
  expect(await podIdentity({ pod: 'db-7' }, { ...around, env })).toMatchObject({ statefulSet: 'db', ordinal: 7 });
  await expect(podIdentity({}, around)).rejects.toMatchObject({ code: 'SUPERVISE_POD_UNKNOWN' });
  await expect(podIdentity({ pod: 'etcd' }, around)).rejects.toMatchObject({ code: 'SUPERVISE_POD_UNKNOWN' });
  await expect(podIdentity({ statefulSet: 'web' }, { ...around, env })).rejects.toMatchObject({
    code: 'SUPERVISE_POD_UNKNOWN',
  });
});
