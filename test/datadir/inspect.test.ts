import { describe, expect, it } from 'vitest';
import { inspectDataDir } from '../../src/datadir/inspect.ts';
import { stoppedMember } from './stopped-member.ts';

const { signal } = new AbortController();

describe.each(['3.4', '3.5'] as const)('a data dir of etcd %s', (version) => {
  it('says what its member said before it was killed', async () => {
    await using stopped = await stoppedMember(version);
    const { raftIndex, ...ids } = stopped.said;
    for (const depth of ['quick', 'full'] as const) {
      const began = performance.now();
      const state = await inspectDataDir({ dataDir: stopped.dataDir }, signal, { depth });
      console.log(depth, performance.now() - began, state);
      expect(state).toMatchObject({ state: 'intact', ...ids, lastTerm: ids.raftTerm, lastIndex: raftIndex });
    }
  });
});
