import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { joinCluster } from '../../../src/agent/member/join.ts';
import { MemberKeeper } from '../../../src/agent/member/keeper.ts';
import { MemberMemory } from '../../../src/agent/member/memory.ts';
import { memberTiming } from '../../../src/agent/member/options.ts';

test('a member is not started to join while a recovery has it in its hands', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-join-'));
  const peerUrl = 'http://127.0.0.1:1';
  let starts = 0;
  await using keeper = new MemberKeeper({
    ...{ name: 'm1', peerUrl, planned: [], token: 't', timing: memberTiming },
    memory: await MemberMemory.open(folder),
    supervisor: {
      kind: 'child',
      look: async () => ({ state: 'stopped' }),
      start: async () => {
        starts += 1;
      },
      stop: async () => undefined,
      onEnd: () => () => undefined,
      [Symbol.asyncDispose]: async () => undefined,
    },
    inspect: async () => ({ state: 'empty' }),
    holdsData: async () => false,
    putAside: async () => undefined,
    quarantined: async () => [],
    releaseQuarantine: async () => undefined,
    decide: async () => ({ action: 'wait', reasons: [{ code: 'X', message: 'x' }] }),
    list: async () => ({
      ...{ clusterId: 'c', linearizable: true },
      members: [{ id: 'a', name: '', peerUrls: [peerUrl], clientUrls: [], isLearner: true }],
    }),
    ownId: async () => 'a',
    servedVersion: async () => '3.5.30',
    flagsOf: async () => [],
    freeBytes: async () => 0,
    startHeld: async () => undefined,
    etcdVersion: async () => undefined,
    events: { log: () => undefined, onFault: () => undefined, onChange: () => undefined },
  });
  const never = new AbortController().signal;
  keeper.hold('a recovery is under way');
  await expect(joinCluster(keeper, never)).rejects.toMatchObject({ code: 'JOIN_HELD' });
  expect(starts).toBe(0);
  keeper.release();
  await joinCluster(keeper, never);
  expect(starts).toBe(1);
  await rm(folder, { recursive: true });
});
