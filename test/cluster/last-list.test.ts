import { expect, it } from 'vitest';
import { newestList } from '../../src/cluster/last-list.ts';
import type { LastList } from '../../src/cluster/recovery.ts';

const list = (atMs: number, raftIndex?: bigint): LastList => ({
  ...{ clusterId: 'c', atMs, members: [] },
  ...(raftIndex === undefined ? {} : { raftIndex }),
});

it('the list of the highest raft index is the newest, whatever the clocks say', () => {
  expect(newestList([list(9000, 5n), list(1000, 7n)])?.raftIndex).toBe(7n);
});

it('where an index is not known the clocks decide, and what no quorum gave is the oldest', () => {
  expect(newestList([list(1000, 7n), list(2000)])?.atMs).toBe(2000);
  expect(newestList([list(0), list(1)])?.atMs).toBe(1);
  expect(newestList([])).toBeUndefined();
});
