import { expect, test } from 'vitest';
import { type GatherParts, gatherEvidence } from '../../../src/agent/member/boot-evidence.ts';
import type { EndCause } from '../../../src/cluster/own-member.ts';
import type { SeenList } from '../../../src/decide/boot/evidence.ts';

const never = new AbortController().signal;
const own = { id: 'a1', name: 'm1', peerUrls: ['http://10.0.0.1:2380'], clientUrls: [], isLearner: false };
const other = { ...own, id: 'b2', name: 'm2', peerUrls: ['http://10.0.0.2:2380'] };

/** What is asked, and for how long a quorum is waited for, where the others remember this list and only a long wait gets the quorum's. */
async function asked(cause: EndCause, remembered: SeenList['members'] | undefined) {
  const waits: (number | undefined)[] = [];
  const parts = {
    config: { member: { name: 'm1' }, cluster: { peers: [] } },
    ...{ peerUrl: 'http://10.0.0.1:2380', bootstrapped: true, damagedEnds: 0 },
    dataDir: {
      state: 'intact',
      clusterId: 'c',
      memberId: 'a1',
      raftTerm: 1n,
      commitIndex: 1n,
      lastIndex: 1n,
      lastTerm: 1n,
    },
    ...{ process: { state: 'stopped' }, lastEnd: { how: 'SIGKILL', cause, atMs: 0 }, remembered: undefined },
    evidence: {
      list: async (_: AbortSignal, quorumMs?: number): Promise<SeenList | undefined> => {
        waits.push(quorumMs);
        if (remembered === undefined) return undefined;
        return quorumMs === undefined
          ? { clusterId: 'c', members: [other], linearizable: true }
          : { clusterId: 'c', members: remembered, linearizable: false };
      },
      removedBy: async () => 'journal' as const,
      ...{ peers: async () => [], store: async () => 'no-chain' as const },
    },
  } as unknown as GatherParts;
  const { list, removedBy } = await gatherEvidence(parts, never);
  return { waits, isOfQuorum: typeof list !== 'string' && list.linearizable, removedBy };
}

test('a member that was killed with its data whole does not wait for the others to elect a leader, where they remember it', async () => {
  expect(await asked('killed', [own, other])).toEqual({ waits: [200], isOfQuorum: false, removedBy: undefined });
});

test('where those that answer do not remember it, the quorum is asked for as long as ever', async () => {
  expect(await asked('killed', [other])).toEqual({ waits: [200, undefined], isOfQuorum: true, removedBy: 'journal' });
});

test('where nobody answers it is asked once, as long as a read may take', async () => {
  expect(await asked('killed', undefined)).toEqual({ waits: [200], isOfQuorum: false, removedBy: undefined });
});

test('an end that says something of its data or its place is for the quorum', async () => {
  for (const cause of ['removed', 'wal-corrupt', 'unknown'] as const) {
    expect(await asked(cause, [own, other])).toMatchObject({ waits: [undefined], isOfQuorum: true });
  }
});
