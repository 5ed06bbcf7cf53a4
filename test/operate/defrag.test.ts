import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fragment, keptKeys, type Operating, operating } from './operating.ts';

describe.each(['3.4', '3.5'] as const)('defragmenting three members of etcd %s', (version) => {
  let on: Operating;
  beforeAll(async () => {
    on = await operating({ members: 3, version });
  });
  afterAll(() => on[Symbol.asyncDispose]());

  test('takes the followers first, then moves the raft leadership to one of them, and the former leader last', async () => {
    await fragment(on.client());
    const before = await Promise.all(on.ids.map((_, index) => on.client(index).status()));
    const leader = await on.leader();
    const term = await on.term();
    const targets = [leader, ...on.ids.filter((id) => id !== leader)];
    const journal = await on.slot(term, { operation: 'defrag', targets });
    const order: string[] = [];
    const entry = await on.run({
      term,
      journal,
      onStep: ({ steps }) => order.push(`${steps.at(-1)?.name} ${steps.at(-1)?.memberId}`),
    });
    expect(entry).toMatchObject({ outcome: 'succeeded', targets, summary: expect.stringContaining('3 of 3 members') });
    const [, first, second] = targets;
    const moved = order[2]?.replace('move-leader ', '');
    expect(order).toEqual([
      `defragment ${first}`,
      `defragment ${second}`,
      `move-leader ${moved}`,
      `defragment ${leader}`,
    ]);
    expect([first, second]).toContain(moved);
    expect(await on.leader()).toBe(moved);
    const after = await Promise.all(on.ids.map((_, index) => on.client(index).status()));
    for (const [index, id] of on.ids.entries()) {
      expect(after[index]?.dbSizeBytes).toBeLessThan((before[index]?.dbSizeBytes ?? 0) / 2);
      expect(entry?.figures[`freedBytes.${id}`]).toBeGreaterThan(1_000_000);
      expect(entry?.figures[`bytesPerSecond.${id}`]).toBeGreaterThan(0);
      expect(await keptKeys(on.client(index))).toBe(20);
    }
    const stored = await on.client().range({ key: on.keys.slot });
    expect(stored.kvs).toEqual([]);
  });
});
