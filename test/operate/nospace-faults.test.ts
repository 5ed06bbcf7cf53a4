import { afterEach, expect, test } from 'vitest';
import type { Effects } from '../../src/operate/effects.ts';
import { type FullStore, fullStore, QUOTA_BYTES } from './full-store.ts';
import { type Operating, termWith } from './operating.ts';

let store: FullStore | undefined;
afterEach(() => store?.[Symbol.asyncDispose]());

test('NOSPACE from live data stops with the prefixes that fill the store, and keeps the alarm and every key', async () => {
  store = await fullStore('live', {});
  const { on, revision } = store;
  const live = { key: Buffer.from('live/'), rangeEnd: Buffer.from('live0'), countOnly: true };
  const before = await on.client().range(live);
  on.see((state) => ({ ...state, largestPrefixes: [{ prefix: 'live/', bytes: 15_000_000 }] }));
  const term = await store.claim();
  const compactRevision = revision - 1n;
  const journal = store.journal(term, { compactRevision: String(compactRevision), disarmBelowRatio: 0.8 });
  const entry = await on.run({ term, journal });
  expect(entry).toMatchObject({ outcome: 'stopped', code: 'NOSPACE_LIVE_DATA' });
  expect(entry?.summary).toMatch(/m1 .* MiB of 16\.0 MiB.*live\/ \(14\.3 MiB\)/);
  expect(entry?.figures['compactRevision']).toBe(Number(compactRevision));
  expect(entry?.figures[`inUseBytes.${on.ids[0]}`]).toBeGreaterThan(0.8 * QUOTA_BYTES);
  expect(await on.client().alarms()).toEqual([{ memberId: on.ids[0], alarm: 'NOSPACE' }]);
  expect((await on.client().range(live)).count).toBe(before.count);
});

test('NOSPACE that comes back at once is said to have done so', async () => {
  store = await fullStore('history', {});
  const { on, revision, refill } = store;
  const canaryWrite: Effects['canaryWrite'] = async (permit) => {
    await on.effects.canaryWrite(permit);
    await refill();
  };
  const term = await store.claim();
  const journal = store.journal(term, { compactRevision: String(revision - 1n) });
  const entry = await on.run({ term, journal, effects: { canaryWrite } });
  expect(entry).toMatchObject({ outcome: 'stopped', code: 'NOSPACE_RERAISED' });
  expect(await on.client().alarms()).toHaveLength(1);
});

test('NOSPACE beside CORRUPT is left to a person', async () => {
  store = await fullStore('history', {});
  const { on } = store;
  on.see((state) => ({ ...state, alarms: [...state.alarms, { memberId: 'x', member: 'm9', alarm: 'CORRUPT' }] }));
  const term = await store.claim();
  const entry = await on.run({ term, journal: store.journal(term, {}) });
  expect(entry).toMatchObject({ outcome: 'stopped', code: 'CORRUPT', steps: [] });
  expect(await on.client().alarms()).toHaveLength(1);
});

test('NOSPACE recovery is gone on with by the next leader after whichever call the former one died', async () => {
  store = await fullStore('history', { members: 3, version: '3.4' });
  const { on, revision } = store;
  const spare = await store.claim();
  const parameters = { compactRevision: String(revision - 1n), disarmBelowRatio: 0.8 };
  let deaths = 0;
  // Each one dies right after the first call that it makes; spare steps that are used stay used.
  for (; (await on.client().alarms()).length > 0; deaths += 1) {
    expect(deaths).toBeLessThan(15);
    const dying = termWith(spare.guard, spare.epoch, spare.holder);
    const journal = store.journal(spare, parameters, dying);
    expect(await on.run({ term: dying, journal, effects: lastCallOf(dying, on.effects) })).toBeUndefined();
  }
  // A compaction, three defragmentations, and the alarm of at least one member.
  expect(deaths).toBeGreaterThanOrEqual(5);
  const next = termWith(spare.guard, spare.epoch, spare.holder);
  const entry = await on.run({ term: next, journal: store.journal(spare, parameters, next) });
  expect(entry).toMatchObject({ outcome: 'succeeded', summary: expect.stringContaining('gone already') });
  await on.client().put(Buffer.from('after'), Buffer.from('1'));
});

/** Effects of which one is made, and then the term is over. */
function lastCallOf(term: ReturnType<typeof termWith>, effects: Operating['effects']): Partial<Effects> {
  const dies =
    <A extends unknown[]>(call: (...args: A) => Promise<void>) =>
    async (...args: A): Promise<void> => {
      await call(...args);
      term.end();
    };
  const { compact, defragment, moveLeader, disarmNospace, canaryWrite } = effects;
  return {
    ...{ compact: dies(compact), defragment: dies(defragment), moveLeader: dies(moveLeader) },
    ...{ disarmNospace: dies(disarmNospace), canaryWrite: dies(canaryWrite) },
  };
}
