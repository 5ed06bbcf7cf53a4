import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { JournalKeys } from '../../src/journal/keys.ts';
import { ownTimeline } from '../../src/journal/timeline.ts';
import { forcedTerm, type JournalOnEtcd, journalOnEtcd } from './journal-on-etcd.ts';

const never = new AbortController().signal;

describe('the timeline of backups', () => {
  let journal: JournalOnEtcd;
  let keys: JournalKeys;

  beforeAll(async () => {
    journal = await journalOnEtcd();
  });
  beforeEach(() => {
    keys = journal.newKeys();
  });
  afterAll(() => journal[Symbol.asyncDispose]());

  const own = async (clusterId = 'aa', over?: string) => {
    const client = journal.direct;
    return ownTimeline({ client, keys, term: await forcedTerm(client, keys) }, clusterId, over, never);
  };

  test('is begun once, and then stands', async () => {
    const first = await own();
    expect(first).toEqual({ timeline: expect.stringMatching(/^[0-9a-f]{16}$/), begun: true });
    expect(await own()).toEqual({ timeline: first.timeline, begun: false });
  });

  test('is another one in a cluster that was restored from the backup of this one', async () => {
    const { timeline } = await own('aa');
    const restored = await own('bb');
    expect([restored.begun, restored.timeline === timeline]).toEqual([true, false]);
    // Whoever claims a place for it later still learns where it comes from, also after its own history has forked.
    const follows = { timeline, clusterId: 'aa' };
    expect(await own('bb')).toEqual({ timeline: restored.timeline, begun: false, follows });
    expect(await own('bb', restored.timeline)).toMatchObject({ begun: true, follows });
    expect((await own('cc')).follows).toMatchObject({ clusterId: 'bb' });
  });

  test('is not gone on with where it is over', async () => {
    const { timeline } = await own();
    const next = await own('aa', timeline);
    expect([next.begun, next.timeline === timeline]).toEqual([true, false]);
    // Whoever hears of it late does not begin a third one.
    expect(await own('aa', timeline)).toEqual({ timeline: next.timeline, begun: false });
  });

  test('is the same for two agents that begin it at the same time', async () => {
    const term = await forcedTerm(journal.direct, keys);
    const parts = { client: journal.direct, keys, term };
    const both = await Promise.all([
      ownTimeline(parts, 'aa', undefined, never),
      ownTimeline(parts, 'aa', undefined, never),
    ]);
    expect(new Set(both.map(({ timeline }) => timeline)).size).toBe(1);
  });

  test('is not begun by whoever no longer leads', async () => {
    const old = await forcedTerm(journal.direct, keys);
    await forcedTerm(journal.direct, keys, { epoch: 2n });
    const begun = ownTimeline({ client: journal.direct, keys, term: old }, 'aa', undefined, never);
    await expect(begun).rejects.toMatchObject({ code: 'TERM_LOST' });
    expect((await journal.direct.range({ key: keys.timeline })).kvs).toEqual([]);
  });

  test('is left as it is where it cannot be read', async () => {
    await journal.direct.put(keys.timeline, Buffer.from('{"format":99}'));
    await expect(own()).rejects.toMatchObject({ code: 'TIMELINE_UNREADABLE' });
  });
});
