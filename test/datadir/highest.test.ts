import { expect, it } from 'vitest';
import type { DataDirState } from '../../src/cluster/own-member.ts';
import { highestOf } from '../../src/datadir/highest.ts';

it('survivors stand in the order in which raft compares logs, and those that are damaged are left out', () => {
  const at = (name: string, lastTerm: bigint, lastIndex: bigint) => {
    const ids = { clusterId: 'c1', memberId: name };
    const dataDir: DataDirState = { state: 'intact', ...ids, raftTerm: 9n, commitIndex: 1n, lastIndex, lastTerm };
    return { name, dataDir };
  };
  const gone = { name: 'gone', dataDir: { state: 'empty' } as const };
  const survivors = [at('long', 3n, 99n), gone, at('short', 4n, 50n), at('newest', 4n, 51n)];
  expect(highestOf(survivors).map(({ name }) => name)).toEqual(['newest', 'short', 'long']);
});
