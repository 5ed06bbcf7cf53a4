import { expect, test } from 'vitest';
import type { MemberList } from '../../src/etcd/types.ts';
import { RememberedList } from '../../src/observe/remembered-list.ts';

const list: MemberList = {
  header: { clusterId: 'c1', memberId: '1', revision: 1n, raftTerm: 1n },
  members: [{ id: '1', name: 'm1', peerUrls: [], clientUrls: [], isLearner: false }],
  linearizable: true,
};
const given = { members: async () => list };
const refused = { members: () => Promise.reject(new Error('nobody answers')) };
const { signal } = new AbortController();

test('the list of before counts while no member gives one, unconfirmed, with its age and why', async () => {
  let nowMs = 1000;
  const remembered = new RememberedList(() => nowMs);
  expect(await remembered.best(given, signal)).toEqual({ list, findings: [] });
  nowMs = 6000;
  expect(await remembered.best(refused, signal)).toEqual({
    list: { ...list, linearizable: false },
    ageSeconds: 5,
    findings: [
      expect.objectContaining({ code: 'MEMBER_LIST_REMEMBERED', message: expect.stringContaining('nobody answers') }),
    ],
  });
  expect(await remembered.best(given, signal)).toEqual({ list, findings: [] });
});

test('where there never was a list, and where the round was ended, the failure stays one', async () => {
  const remembered = new RememberedList();
  await expect(remembered.best(refused, signal)).rejects.toThrow('nobody answers');
  await remembered.best(given, signal);
  await expect(remembered.best(refused, AbortSignal.abort())).rejects.toThrow('nobody answers');
});
