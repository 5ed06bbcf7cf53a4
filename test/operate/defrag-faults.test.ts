import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { takeOverSlot } from '../../src/journal/slot.ts';
import type { Permit } from '../../src/operate/effects.ts';
import { SlotJournal } from '../../src/operate/slot-journal.ts';
import { slowFsync } from '../real/slow-fsync.ts';
import { startTcpProxy, type TcpProxy } from '../real/tcp-proxy.ts';
import { fragment, type Operating, operating } from './operating.ts';

let on: Operating | undefined;
const proxies: TcpProxy[] = [];
afterEach(async () => {
  await on?.[Symbol.asyncDispose]();
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
});

async function followersFirst(started: Operating): Promise<readonly [string, string, string]> {
  const leader = await started.leader();
  const [first = '', second = ''] = started.ids.filter((id) => id !== leader);
  return [first, second, leader];
}

async function isInflight(started: Operating, id: string): Promise<boolean> {
  const page = await fetch(started.cluster.members[started.ids.indexOf(id)]?.metricsUrl ?? '');
  return /^etcd_disk_defrag_inflight 1$/m.test(await page.text());
}

test('when the connection is cut in the middle, the next member waits until etcd has really ended', async () => {
  on = await operating({ members: 3 }, async (endpoint) => {
    const proxy = await startTcpProxy(Number(new URL(endpoint).port));
    proxies.push(proxy);
    return `http://${proxy.address}`;
  });
  const started = on;
  await fragment(started.client(), 60);
  const [first, second, leader] = await followersFirst(started);
  const proxy = proxies[started.ids.indexOf(first)];
  const term = await started.term();
  const journal = await started.slot(term, { operation: 'defrag', targets: [first, second, leader] });
  const overlaps: boolean[] = [];
  const defragment = async (memberId: string, permit: Permit): Promise<void> => {
    if (memberId !== first) {
      overlaps.push(await isInflight(started, first));
      return started.effects.defragment(memberId, permit);
    }
    const slow = await slowFsync(started.cluster.members[started.ids.indexOf(first)]?.pid ?? 0, 700);
    const made = started.effects.defragment(memberId, permit);
    const lost = expect(made).rejects.toMatchObject({ code: expect.stringMatching(/^ETCD_/) });
    await vi.waitFor(async () => expect(await isInflight(started, first)).toBe(true), { timeout: 30_000, interval: 5 });
    proxy?.cut();
    await lost;
    proxy?.heal();
    // Whoever took the lost answer for the end would begin with the next one by now.
    void sleep(1500).then(() => slow.stop());
    return made;
  };
  const entry = await started.run({ term, journal, effects: { defragment } });
  expect(entry).toMatchObject({ outcome: 'succeeded', summary: expect.stringContaining('3 of 3') });
  expect(overlaps).toEqual([false, false]);
});

test('a follower that stops answering between two members ends the sweep, which says so', async () => {
  on = await operating({ members: 3 });
  const started = on;
  await fragment(started.client(), 20);
  const [first, second, leader] = await followersFirst(started);
  const paused = started.cluster.members[started.ids.indexOf(second)];
  const term = await started.term();
  const journal = await started.slot(term, { operation: 'defrag', targets: [first, second, leader] });
  const calls: string[] = [];
  const entry = await started.run({
    term,
    journal,
    timing: { settleWithinMs: 1000 },
    effects: {
      defragment: async (memberId, permit) => {
        calls.push(memberId);
        await started.effects.defragment(memberId, permit);
        paused?.pause();
      },
    },
  });
  paused?.resume();
  expect(entry).toMatchObject({ outcome: 'stopped', code: 'NOT_SETTLED' });
  expect(entry?.summary).toMatch(new RegExp(`1 of 3 members defragmented.*member ${paused?.name}`));
  expect(calls).toEqual([first]);
  expect(entry?.figures[`bytesPerSecond.${first}`]).toBeGreaterThan(0);
});

test('a new leader finishes what the former one began, and defragments nobody twice', async () => {
  on = await operating({ members: 3 });
  const started = on;
  await fragment(started.client(), 20);
  const [first, second, leader] = await followersFirst(started);
  const former = await started.term();
  const journal = await started.slot(former, { operation: 'defrag', targets: [first, second, leader] });
  const calls: string[] = [];
  const counted = async (memberId: string, permit: Permit): Promise<void> => {
    calls.push(memberId);
    await started.effects.defragment(memberId, permit);
    // The answer arrives when the term is over: nothing is confirmed.
    if (memberId === second) former.end();
  };
  const effects = { defragment: counted };
  expect(await started.run({ term: former, journal, effects })).toBeUndefined();
  expect(journal.slot).toMatchObject({ phase: 'defragment', progress: { defragmented: [first] } });

  const term = await started.term({ epoch: 2n, holder: second });
  const [stored] = (await started.client().range({ key: started.keys.slot })).kvs;
  const left = {
    slot: journal.slot,
    createRevision: stored?.createRevision ?? 0n,
    modRevision: stored?.modRevision ?? 0n,
  };
  const taken = new SlotJournal(
    { client: started.client(), keys: started.keys, term, history: () => [] },
    await takeOverSlot(started.client(), started.keys, term, left),
  );
  const entry = await started.run({ term, journal: taken, effects });
  expect(entry).toMatchObject({ outcome: 'succeeded', epoch: 2n, holder: second });
  expect(entry?.summary).toContain('3 of 3');
  expect(entry?.figures[`bytesPerSecond.${first}`]).toBeGreaterThan(0);
  expect(calls).toEqual([first, second, leader]);
});

test('nobody is blocked where a voter lags, a learner is there, or the only one left may not lead', async () => {
  on = await operating({ members: 3 });
  const started = on;
  await fragment(started.client(), 5);
  const term = await started.term();
  const [first, second, leader] = await followersFirst(started);
  const ends: (string | undefined)[] = [];
  const changes: Parameters<Operating['see']>[0][] = [
    (state) => ({ ...state, members: state.members.map((one) => ({ ...one, lagEntries: 5000n })) }),
    (state) => ({ ...state, members: state.members.map((one) => ({ ...one, isLearner: one.id === second })) }),
    (state) => ({ ...state, voters: 2 }),
    (state) => ({ ...state, alarms: [{ memberId: first, member: 'x', alarm: 'CORRUPT' }] }),
    (state) => ({
      ...state,
      members: state.members.map((one) => ({ ...one, observed: { ageSeconds: 0, dataAvailableBytes: 100 } })),
    }),
    (state) => ({
      ...state,
      members: state.members.map((one) => {
        return one.agent === undefined ? one : { ...one, agent: { ...one.agent, role: 'arbiter' as const } };
      }),
    }),
    // What was decided on is no longer so when the step is made.
    (state) => ({ ...state, raftTerm: state.raftTerm - 1n }),
  ];
  for (const change of changes) {
    started.see(change);
    const journal = await started.slot(term, { operation: 'defrag', targets: [leader] });
    const entry = await started.run({ term, journal });
    expect(entry).toMatchObject({ outcome: 'stopped', summary: expect.stringContaining('0 of 1') });
    ends.push(entry?.code);
  }
  expect(ends).toEqual(['MEMBER_LAGS', 'LEARNER', 'NO_SPARE', 'CORRUPT', 'NO_ROOM', 'NO_TRANSFEREE', 'LEADER_CHANGED']);
  expect(await started.leader()).toBe(leader);
});
