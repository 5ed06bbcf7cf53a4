import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { JournalKeys } from '../../src/journal/keys.ts';
import { JournalMirror } from '../../src/journal/mirror.ts';
import { type JournalOnEtcd, journalOnEtcd } from '../journal/journal-on-etcd.ts';
import { startLeading } from './real-agent.ts';

const patience = { timeout: 30_000 };

describe('the registration of an agent', () => {
  let journal: JournalOnEtcd;
  let keys: JournalKeys;
  let outside: JournalMirror;

  beforeAll(async () => {
    journal = await journalOnEtcd();
  });
  beforeEach(() => {
    keys = journal.newKeys();
    outside = new JournalMirror(journal.direct, keys);
    outside.start();
  });
  afterEach(async () => {
    journal.proxy.heal();
    await outside.close();
  });
  afterAll(() => journal[Symbol.asyncDispose]());

  const seen = (memberId: string, instance: string) =>
    outside.waitFor(({ agents }) => agents.some((agent) => agent.memberId === memberId && agent.instance === instance));

  test('is there as long as the agent is, and gone at once when it stops', async () => {
    const agent = startLeading(journal.direct, keys, 'a');
    const { agents } = await seen('a', agent.registration.record.instance);
    expect(agents).toEqual([agent.registration.record]);
    expect(agent.registration.fault).toBeUndefined();
    await agent[Symbol.asyncDispose]();
    const { kvs } = await journal.direct.range({ key: keys.agent('a') });
    expect(kvs).toEqual([]);
  });

  test('of a second agent beside the same member waits until the first one is gone, and says so', async () => {
    await using first = startLeading(journal.direct, keys, 'a');
    await seen('a', first.registration.record.instance);
    await using second = startLeading(journal.direct, keys, 'a');
    await expect.poll(() => second.registration.fault?.code, patience).toBe('AGENT_DUPLICATE');
    expect(outside.snapshot.agents).toEqual([first.registration.record]);
    expect([second.registration.current, second.leadership.term]).toEqual([undefined, undefined]);
    await first[Symbol.asyncDispose]();
    await seen('a', second.registration.record.instance);
    await expect.poll(() => second.registration.fault, patience).toBeUndefined();
  });

  test('that somebody takes away is written again, under the same lease', async () => {
    await using agent = startLeading(journal.direct, keys, 'a', { eligible: () => false });
    await seen('a', agent.registration.record.instance);
    await expect.poll(() => agent.registration.current, patience).toBeDefined();
    const { lease, createRevision } = agent.registration.current ?? {};
    await journal.direct.deleteRange(keys.agent('a'));
    await expect
      .poll(() => agent.registration.current?.createRevision ?? 0n, patience)
      .toBeGreaterThan(createRevision ?? 0n);
    expect(agent.registration.current?.lease).toBe(lease);
  });

  test('comes back by itself after an outage longer than its lease', async () => {
    await using agent = startLeading(journal.connect(), keys, 'a', { ttlSeconds: 2 });
    await seen('a', agent.registration.record.instance);
    await expect.poll(() => agent.registration.current, patience).toBeDefined();
    const before = agent.registration.current?.createRevision ?? 0n;
    journal.proxy.cut();
    await outside.waitFor(({ agents }) => agents.length === 0);
    expect(agent.registration.current).toBeUndefined();
    await expect.poll(() => agent.registration.fault, patience).toBeDefined();
    journal.proxy.heal();
    await expect.poll(() => agent.registration.current?.createRevision ?? 0n, patience).toBeGreaterThan(before);
    expect(agent.registration.fault).toBeUndefined();
  });

  test('a record that cannot be read is not overwritten', async () => {
    await journal.direct.put(keys.agent('a'), Buffer.from('{"format":2}'));
    await using agent = startLeading(journal.direct, keys, 'a');
    await expect.poll(() => agent.registration.fault?.code, patience).toBe('AGENT_RECORD_UNREADABLE');
    expect((await journal.direct.range({ key: keys.agent('a') })).kvs[0]?.version).toBe(1n);
  });
});
