import { expect, test } from 'vitest';
import type { OwnMemberView } from '../../src/cluster/own-member.ts';
import { ownTold } from '../../src/cluster/told-own.ts';

const view: OwnMemberView = {
  kind: 'child',
  process: {
    state: 'stopped',
    end: {
      how: 'exit code 1',
      cause: 'data-differs',
      evidence: 'found data inconsistency',
      atMs: 7,
      differsFrom: ['http://b:2380'],
    },
  },
  dataDir: {
    state: 'intact',
    clusterId: 'c',
    memberId: 'm',
    raftTerm: 3n,
    commitIndex: 9n,
    lastIndex: 11n,
    lastTerm: 3n,
  },
  bootstrapped: true,
  identity: { clusterId: 'c', memberId: 'm' },
  boot: { action: 'wait', reasons: [{ code: 'ETCD_FOUND_DAMAGE', message: 'etcd ended' }] },
  peerUrl: 'http://a:2380',
  restarts: 3,
  vainStarts: 2,
  damagedEnds: 3,
  differedAtMs: 7,
  quarantine: [],
};
const asTold = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? `${each}` : each)));

test('what one agent says of its member is what another one understands', () => {
  expect(ownTold(asTold(view))).toEqual(view);
});

test('a view that this version cannot read makes all of it unknown', () => {
  expect(ownTold(asTold({ ...view, dataDir: { state: 'molten' } }))).toBeUndefined();
  expect(ownTold(asTold({ ...view, restarts: 'often' }))).toBeUndefined();
  expect(ownTold(undefined)).toBeUndefined();
});

test('a cause that this version does not know is unknown, and URLs that are none are left out', () => {
  const end = { how: 'exit code 9', cause: 'evaporated', atMs: 7, differsFrom: [7, null] };
  expect(ownTold(asTold({ ...view, process: { state: 'stopped', end } }))?.process).toEqual({
    state: 'stopped',
    end: { how: 'exit code 9', cause: 'unknown', atMs: 7 },
  });
});
