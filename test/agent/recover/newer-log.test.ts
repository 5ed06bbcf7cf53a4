import { expect, it } from 'vitest';
import { hasNewerLog } from '../../../src/agent/recover/newer-log.ts';
import type { LastList, RecoveryEvidence } from '../../../src/cluster/recovery.ts';

type Told = Pick<RecoveryEvidence, 'own' | 'list'>;

const listOf = (atMs: number, ...ids: readonly string[]): LastList => ({
  ...{ clusterId: 'c', atMs },
  members: ids.map((id) => ({ id, name: id, peerUrls: [], isLearner: false })),
});
const told = (memberId: string, lastIndex: bigint, list: LastList): Told => ({
  list,
  own: {
    ...{ kind: 'child', process: { state: 'stopped' }, bootstrapped: true, restarts: 0, quarantine: [] },
    dataDir: { state: 'intact', clusterId: 'c', memberId, raftTerm: 2n, commitIndex: 1n, lastTerm: 2n, lastIndex },
  },
});

it('a voter that only the newer list of the two has is not passed over', () => {
  const old = listOf(1000, 'a', 'b');
  const recent = listOf(2000, 'a', 'c');
  expect(hasNewerLog(told('c', 9n, recent), told('a', 5n, old))).toBe(true);
});

it('a member that was replaced is, though its own list has it', () => {
  const old = listOf(1000, 'a', 'b');
  const recent = listOf(2000, 'a', 'c');
  expect(hasNewerLog(told('b', 9n, old), told('a', 5n, recent))).toBe(false);
});
