import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MemberKeeper } from '../../../src/agent/member/keeper.ts';
import { MemberMemory } from '../../../src/agent/member/memory.ts';
import { memberTiming } from '../../../src/agent/member/options.ts';
import type { ProcessEnd } from '../../../src/cluster/own-member.ts';

/** What none of these tests is about. */
const surroundings = {
  ...{ name: 'm1', planned: [], token: 't' },
  putAside: async () => undefined,
  quarantined: async () => [],
  releaseQuarantine: async () => undefined,
  list: async () => ({ clusterId: 'c', members: [], linearizable: false }),
  ownId: async () => 'a',
  servedVersion: async () => '3.5.30',
  flagsOf: async () => [],
  freeBytes: async () => 0,
  startHeld: async () => undefined,
  etcdVersion: async () => undefined,
  events: { log: () => undefined, onFault: () => undefined, onChange: () => undefined },
};

test('data that are gone are told as gone once they have been so for a while', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-keeper-'));
  const memory = await MemberMemory.open(folder);
  await memory.remember({ clusterId: 'c', memberId: 'a', members: [], agents: [] });
  let told = 0;
  await using keeper = new MemberKeeper({
    ...surroundings,
    ...{ timing: { ...memberTiming, stoppedLookMs: 10 }, memory },
    supervisor: {
      kind: 'child',
      look: async () => ({ state: 'stopped' }),
      start: async () => undefined,
      stop: async () => undefined,
      onEnd: () => () => undefined,
      [Symbol.asyncDispose]: async () => undefined,
    },
    inspect: async () => ({ state: 'empty' }),
    holdsData: async () => false,
    decide: async ({ dataDir }) => {
      told += 1;
      return { action: 'wait', reasons: [{ code: 'X', message: dataDir.state }] };
    },
  });
  keeper.start();
  await expect.poll(() => told).toBeGreaterThan(2);
  expect(keeper.view().dataDir.state).toBe('unreadable');
  await expect.poll(() => keeper.view().dataDir.state, { timeout: 20_000 }).toBe('empty');
  await rm(folder, { recursive: true });
});

test('where the log of a member that runs stands is read anew only while that is wanted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-keeper-'));
  let lastIndex = 1n;
  let rounds = 0;
  await using keeper = new MemberKeeper({
    ...surroundings,
    ...{ timing: { ...memberTiming, lookMs: 1 } },
    memory: await MemberMemory.open(folder),
    supervisor: {
      kind: 'child',
      look: async () => {
        rounds += 1;
        return { state: 'running', adopted: false };
      },
      start: async () => undefined,
      stop: async () => undefined,
      onEnd: () => () => undefined,
      [Symbol.asyncDispose]: async () => undefined,
    },
    inspect: async () => ({
      ...{ state: 'intact', clusterId: 'c', memberId: 'a', raftTerm: 1n, commitIndex: 1n, lastTerm: 1n },
      lastIndex,
    }),
    holdsData: async () => true,
    decide: async () => ({ action: 'wait', reasons: [{ code: 'X', message: 'x' }] }),
  });
  keeper.start();
  await expect.poll(() => keeper.view().dataDir).toMatchObject({ lastIndex: 1n });
  lastIndex = 2n;
  const before = rounds;
  await expect.poll(() => rounds).toBeGreaterThan(before + 2);
  expect(keeper.view().dataDir).toMatchObject({ lastIndex: 1n });
  keeper.followLog(true);
  await expect.poll(() => keeper.view().dataDir).toMatchObject({ lastIndex: 2n });
  await rm(folder, { recursive: true });
});

test('that the data differed at a start is told until they are others, also while etcd runs again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-keeper-'));
  let ends: (end: ProcessEnd) => void = () => undefined;
  await using keeper = new MemberKeeper({
    ...surroundings,
    ...{ timing: memberTiming, memory: await MemberMemory.open(folder) },
    supervisor: {
      kind: 'child',
      look: async () => ({ state: 'stopped' }),
      start: async () => undefined,
      stop: async () => undefined,
      onEnd: (listener) => {
        ends = listener;
        return () => undefined;
      },
      [Symbol.asyncDispose]: async () => undefined,
    },
    inspect: async () => ({ state: 'empty' }),
    holdsData: async () => true,
    decide: async () => ({ action: 'wait', reasons: [{ code: 'X', message: 'x' }] }),
  });
  expect(keeper.view()).not.toHaveProperty('differedAtMs');
  ends({ how: 'exit code 1', cause: 'data-differs', atMs: 7 });
  ends({ how: 'SIGKILL', cause: 'killed', atMs: 9 });
  expect(keeper.view()).toMatchObject({ differedAtMs: 7, damagedEnds: 0 });
  await keeper.putAside('replace', new AbortController().signal);
  expect(keeper.view()).not.toHaveProperty('differedAtMs');
  await rm(folder, { recursive: true });
});
