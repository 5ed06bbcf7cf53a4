import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, test } from 'vitest';
import { Nudger, worthNudging } from '../../../src/agent/member/nudger.ts';
import { nudgedUrls } from '../../../src/agent/member/nudging.ts';
import type { OwnMemberView } from '../../../src/cluster/own-member.ts';

/** A nudger whose tellings are counted by the time of each. */
function counted(pauses = { firstMs: 5, longestMs: 20 }) {
  const state: { what: string | undefined } = { what: undefined };
  const told: { readonly what: string | undefined; readonly atMs: number }[] = [];
  const nudger = new Nudger({
    what: () => state.what,
    tell: async () => {
      told.push({ what: state.what, atMs: performance.now() });
    },
    pauses,
  });
  nudger.start();
  const set = (what: string | undefined): void => {
    state.what = what;
    nudger.look();
  };
  return { nudger, told, set };
}

describe('a nudger', () => {
  it('tells nothing while there is nothing to tell, whatever else changes', async () => {
    const { nudger, told } = counted();
    await using _ = nudger;
    for (let look = 0; look < 5; look += 1) {
      nudger.look();
      await sleep(2);
    }
    expect(told).toEqual([]);
  });

  it('tells again what stands, since a nudge may be lost, and stops after a few times', async () => {
    const { nudger, told, set } = counted();
    await using _ = nudger;
    set('empty');
    await expect.poll(() => told.length).toBe(3);
    nudger.look();
    await sleep(60);
    expect(told.map(({ what }) => what)).toEqual(['empty', 'empty', 'empty']);
  });

  it('tells anew what has come again, or is something else now', async () => {
    const { nudger, told, set } = counted();
    await using _ = nudger;
    set('empty');
    await expect.poll(() => told.length).toBe(3);
    set(undefined);
    await sleep(10);
    set('corrupt');
    await expect.poll(() => told.length).toBe(6);
    expect(told.at(-1)?.what).toBe('corrupt');
  });

  it('tells no more often than its shortest pause what comes and goes', async () => {
    const { nudger, told, set } = counted({ firstMs: 40, longestMs: 40 });
    await using _ = nudger;
    const endMs = performance.now() + 200;
    for (let turn = 0; performance.now() < endMs; turn += 1) {
      set(turn % 2 === 0 ? 'empty' : undefined);
      await sleep(1);
    }
    const gaps = told.slice(1).map(({ atMs }, index) => atMs - (told[index]?.atMs ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(35);
  });

  it('ends while somebody whom it tells does not answer', async () => {
    let asked = false;
    const nudger = new Nudger({
      what: () => 'empty',
      tell: async (signal) => {
        asked = true;
        await sleep(60_000, undefined, { signal }).catch(() => undefined);
      },
    });
    nudger.start();
    await expect.poll(() => asked).toBe(true);
    await nudger[Symbol.asyncDispose]();
  });
});

const reasons = [{ code: 'X', message: 'x' }] as const;
const empty: OwnMemberView = {
  kind: 'child',
  process: { state: 'stopped' },
  dataDir: { state: 'empty' },
  bootstrapped: true,
  restarts: 0,
  quarantine: [],
};

test.each<readonly [string, Partial<OwnMemberView>, string | undefined]>([
  ['data that are gone', {}, 'empty'],
  ['data that are broken', { dataDir: { state: 'corrupt', part: 'wal', problem: 'p' } }, 'corrupt'],
  ['an agent that wants to join', { bootstrapped: false, boot: { action: 'join', reasons } }, 'empty'],
  ['a member that has never been one', { bootstrapped: false, boot: { action: 'bootstrap', reasons } }, undefined],
  ['data that cannot be looked at', { dataDir: { state: 'unreadable', problem: 'p' } }, undefined],
  ['a process that runs', { process: { state: 'running', adopted: false } }, undefined],
  ['a process of which nothing is known', { process: { state: 'unknown', reason: 'r' } }, undefined],
])('of %s the leader is told, or not', (_, change, expected) => {
  expect(worthNudging({ ...empty, ...change })).toBe(expected);
});

test('everybody else is told: where they are registered, else where they are configured', () => {
  const peers = ['m1', 'm2', 'm3'].map((name) => ({ name, agentUrl: `http://${name}:1` }));
  const agents = [{ member: 'm1', url: 'http://m1:2' }, { member: 'm2', url: 'http://m2:2' }, { member: 'm4' }];
  expect(nudgedUrls(peers, agents, 'm1')).toEqual(['http://m2:2', 'http://m3:1']);
});
