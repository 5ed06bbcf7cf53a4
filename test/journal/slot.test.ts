import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Slot } from '../../src/cluster/caretaking.ts';
import { addHistory, historyToDrop } from '../../src/journal/history.ts';
import type { JournalKeys } from '../../src/journal/keys.ts';
import { JournalMirror } from '../../src/journal/mirror.ts';
import { advanceSlot, finishSlot, takeOverSlot, takeSlot } from '../../src/journal/slot.ts';
import type { Term } from '../../src/journal/term.ts';
import { anEntry, aSlot, forcedTerm, type JournalOnEtcd, journalOnEtcd } from './journal-on-etcd.ts';

describe('the slot', () => {
  let journal: JournalOnEtcd;
  let keys: JournalKeys;

  beforeAll(async () => {
    journal = await journalOnEtcd();
  });
  beforeEach(() => {
    keys = journal.newKeys();
  });
  afterEach(() => journal.proxy.heal());
  afterAll(() => journal[Symbol.asyncDispose]());

  const take = (term: Term, slot: Slot, requestId?: string) =>
    takeSlot(journal.direct, keys, term, slot, undefined, requestId === undefined ? {} : { requestId });
  const stored = async (key: Buffer): Promise<string | undefined> =>
    (await journal.direct.range({ key })).kvs[0]?.value.toString();

  test('is taken, advanced step by step, and leaves an entry in the history', async () => {
    const term = await forcedTerm(journal.direct, keys);
    await using mirror = new JournalMirror(journal.direct, keys);
    mirror.start();
    await journal.direct.put(keys.request('r1'), Buffer.from('{}'));
    const slot = aSlot();
    const taken = await take(term, slot, 'r1');
    expect((await mirror.current(taken.modRevision)).slot).toEqual(taken);
    expect(await stored(keys.request('r1'))).toBeUndefined();

    const next = { ...slot, phase: 'defragment', progress: { done: ['a'] } };
    const advanced = await advanceSlot(journal.direct, keys, term, taken, next);
    expect(advanced.createRevision).toBe(taken.createRevision);
    expect((await mirror.current(advanced.modRevision)).slot).toEqual(advanced);

    const entry = anEntry({ id: slot.id, revision: taken.createRevision });
    await finishSlot(journal.direct, keys, term, advanced, entry, { drop: [] });
    const after = await mirror.waitFor(({ slotRevision }) => slotRevision === 0n);
    expect([after.slot, after.history]).toEqual([undefined, [entry]]);
  });

  test('is taken by exactly one of many who want it at once', async () => {
    const term = await forcedTerm(journal.direct, keys);
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => take(term, aSlot())));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'SLOT_TAKEN' });
    }
  });

  test('is advanced by exactly one of two who both believe that they lead', async () => {
    const term = await forcedTerm(journal.direct, keys);
    const taken = await take(term, aSlot());
    const outcomes = await Promise.allSettled(
      ['x', 'y'].map((phase) => advanceSlot(journal.direct, keys, term, taken, { ...taken.slot, phase })),
    );
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'SLOT_CHANGED' } });
  });

  test('lets nobody write whose leader key is no longer its own, whatever its clock says', async () => {
    const stale = await forcedTerm(journal.direct, keys);
    const taken = await take(stale, aSlot());
    const fresh = await forcedTerm(journal.direct, keys, { epoch: 2n, holder: 'b' });
    const before = await stored(keys.slot);
    const lost = { code: 'TERM_LOST' };
    await expect(advanceSlot(journal.direct, keys, stale, taken, taken.slot)).rejects.toMatchObject(lost);
    await expect(finishSlot(journal.direct, keys, stale, taken, anEntry(), { drop: [] })).rejects.toMatchObject(lost);
    await expect(take(stale, aSlot())).rejects.toMatchObject(lost);
    expect(await stored(keys.slot)).toBe(before);

    const over = await takeOverSlot(journal.direct, keys, fresh, taken);
    expect(over.slot).toEqual({ ...taken.slot, epoch: 2n, holder: 'b' });
    expect(await takeOverSlot(journal.direct, keys, fresh, over)).toBe(over);
    await expect(takeOverSlot(journal.direct, keys, fresh, taken)).rejects.toMatchObject({ code: 'SLOT_CHANGED' });
  });

  test('is not touched by whoever knows that it no longer leads', async () => {
    const term = { ...(await forcedTerm(journal.direct, keys)), held: false };
    await expect(take(term, aSlot())).rejects.toMatchObject({ code: 'TERM_LOST' });
    expect(await stored(keys.slot)).toBeUndefined();
  });

  test('does not go on under a pause, and what is journaled then stays as it was', async () => {
    const term = await forcedTerm(journal.direct, keys);
    const taken = await take(term, aSlot());
    await journal.direct.put(keys.pause, Buffer.from('{}'));
    const unlessPaused = { unlessPaused: true };
    await expect(
      advanceSlot(journal.direct, keys, term, taken, taken.slot, undefined, unlessPaused),
    ).rejects.toMatchObject({ code: 'PAUSED' });
    await expect(advanceSlot(journal.direct, keys, term, taken, taken.slot)).resolves.toBeDefined();
    await expect(
      advanceSlot(journal.direct, keys, term, taken, taken.slot, undefined, unlessPaused),
    ).rejects.toMatchObject({ code: 'SLOT_CHANGED' });
  });

  test.each([
    ['garbage', 'not JSON at all'],
    ['newer', '{"format":2,"whatever":true}'],
  ])('that holds what is %s is reported, and neither taken nor overwritten', async (kind, content) => {
    const term = await forcedTerm(journal.direct, keys);
    await journal.direct.put(keys.slot, Buffer.from(content));
    await using mirror = new JournalMirror(journal.direct, keys);
    mirror.start();
    const { slot, slotRevision, unreadable } = await mirror.waitFor(({ connected }) => connected);
    expect(slot).toBeUndefined();
    expect(slotRevision).toBeGreaterThan(0n);
    expect(unreadable).toContainEqual({ key: `${keys.prefix}slot`, kind, message: expect.any(String) });
    await expect(take(term, aSlot())).rejects.toMatchObject({ code: 'SLOT_TAKEN' });
    expect(await stored(keys.slot)).toBe(content);
  });

  test('an answer that is lost at any write is found out: the write is made once', async () => {
    const client = journal.connect();
    const term = await forcedTerm(journal.direct, keys);
    await client.status();
    const losing = async <T>(write: () => Promise<T>, arrived: () => Promise<boolean>): Promise<T> => {
      journal.proxy.drop('fromTarget');
      const done = write();
      await expect.poll(arrived, { timeout: 30_000 }).toBe(true);
      journal.proxy.cut();
      journal.proxy.heal();
      return done;
    };
    const version = async () => (await journal.direct.range({ key: keys.slot })).kvs[0]?.version;
    const slot = aSlot();
    const taken = await losing(
      () => takeSlot(client, keys, term, slot),
      async () => (await version()) === 1n,
    );
    const advanced = await losing(
      () => advanceSlot(client, keys, term, taken, { ...slot, phase: 'next' }),
      async () => (await version()) === 2n,
    );
    expect(await version()).toBe(2n);
    const entry = anEntry({ id: slot.id, revision: taken.createRevision });
    await losing(
      () => finishSlot(client, keys, term, advanced, entry, { drop: [] }),
      async () => (await version()) === undefined,
    );
    expect(await stored(keys.history(entry.revision))).toContain(entry.id);
  });

  test('the history keeps its fifty newest entries', async () => {
    const term = await forcedTerm(journal.direct, keys);
    await using mirror = new JournalMirror(journal.direct, keys);
    mirror.start();
    for (let revision = 1n; revision <= 52n; revision += 1n) {
      await addHistory(journal.direct, keys, anEntry({ revision }), []);
    }
    const full = await mirror.waitFor(({ history }) => history.length === 52);
    expect(full.history[0]?.revision).toBe(52n);
    const taken = await take(term, aSlot());
    const entry = anEntry({ revision: taken.createRevision });
    await finishSlot(journal.direct, keys, term, taken, entry, { drop: historyToDrop(full.history) });
    const { history } = await mirror.waitFor(({ slotRevision }) => slotRevision === 0n);
    await mirror.waitFor(({ history: kept }) => kept.length === 50);
    expect([history.length, history[0]?.revision, history.at(-1)?.revision]).toEqual([50, entry.revision, 4n]);
  });
});
