import { expect, it } from 'vitest';
import { snapshotSource } from '../../../src/agent/backup/snapshot-source.ts';
import type { ClusterMember } from '../../../src/cluster/sections.ts';

const member = (id: string, over: Partial<ClusterMember> = {}): ClusterMember => ({
  ...{
    id,
    name: id,
    peerUrls: [],
    clientUrls: [`http://${id}:2379`],
    isLearner: false,
    reachable: true,
    healthy: true,
  },
  raftIndexLagEntries: 0n,
  ...over,
});
const [a, b, c] = [member('a'), member('b'), member('c')];

it.each<[string, readonly ClusterMember[], string | undefined]>([
  ['a follower beside another agent is taken', [a, b, c], 'c'],
  ['one that is behind is not', [a, b, member('c', { raftIndexLagEntries: 1001n })], 'b'],
  ['one that is not healthy is not', [a, b, member('c', { healthy: false })], 'b'],
  ['a learner is not', [a, b, member('c', { isLearner: true })], 'b'],
  ['one without a URL is not', [a, b, member('c', { clientUrls: [] })], 'b'],
  ['nobody is left but the leader', [a], undefined],
])('%s', (_, members, id) => {
  expect(snapshotSource({ members, leaderId: 'a' }, 'b')?.id).toBe(id);
});

it('a follower that a hash check has named is not taken', () => {
  expect(snapshotSource({ members: [a, b, c], leaderId: 'a' }, 'b', new Set(['c']))?.id).toBe('b');
});

it('the raft leader is taken where the own member is named and no follower is left', () => {
  expect(snapshotSource({ members: [a, b], leaderId: 'a' }, 'b', new Set(['b']))?.id).toBe('a');
});

it('the own member is not taken by default where a hash check has named it', () => {
  const alone = [{ ...a, healthy: false }, b];
  expect(() => snapshotSource({ members: alone, leaderId: 'a' }, 'b', new Set(['b']))).toThrow(
    expect.objectContaining({ code: 'SNAPSHOT_SOURCE_DIFFERS' }),
  );
});

it('nobody is chosen before anybody is known', () => {
  expect(snapshotSource(undefined, 'b')).toBeUndefined();
});
