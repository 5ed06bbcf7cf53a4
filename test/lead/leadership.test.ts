import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { MemberClient } from '../../src/etcd/member-client.ts';
import type { JournalKeys } from '../../src/journal/keys.ts';
import { JournalMirror } from '../../src/journal/mirror.ts';
import { takeSlot } from '../../src/journal/slot.ts';
import type { Term } from '../../src/journal/term.ts';
import { aSlot, type JournalOnEtcd, journalOnEtcd } from '../journal/journal-on-etcd.ts';
import { startLeading } from './real-agent.ts';

const patience = { timeout: 30_000 };

describe.each(['3.4', '3.5'] as const)('leadership, on etcd %s', (version) => {
  let journal: JournalOnEtcd;
  let keys: JournalKeys;

  beforeAll(async () => {
    journal = await journalOnEtcd({ version });
  });
  beforeEach(() => {
    keys = journal.newKeys();
  });
  afterEach(() => journal.proxy.heal());
  afterAll(() => journal[Symbol.asyncDispose]());

  test('goes to exactly one of three agents that start at once', async () => {
    await using a = startLeading(journal.direct, keys, 'a');
    await using b = startLeading(journal.direct, keys, 'b');
    await using c = startLeading(journal.direct, keys, 'c');
    const term = await Promise.race([a.leads(), b.leads(), c.leads()]);
    const { leader, epoch } = await a.mirror.waitFor((now) => now.leader !== undefined && now.agents.length === 3);
    expect([leader?.memberId, leader?.epoch, epoch, term.epoch]).toEqual([term.holder, 1n, 1n, 1n]);
    expect([a, b, c].filter(({ leadership }) => leadership.term !== undefined)).toHaveLength(1);
  });

  test('passes on when the leader is cut off, which knows that it is over before etcd lets go', async () => {
    await using cutOff = startLeading(journal.connect(), keys, 'a', { ttlSeconds: 3 });
    const term = await cutOff.leads();
    await using heir = startLeading(journal.direct, keys, 'b');
    await heir.mirror.waitFor(({ agents }) => agents.length === 2);
    const heldWhenGone = heir.mirror
      .waitFor(({ leader }) => leader?.epoch !== term.epoch)
      .then(() => [term.held, cutOff.leadership.term]);
    journal.proxy.drop();
    expect(await heldWhenGone).toEqual([false, undefined]);
    const next = await heir.leads();
    expect([next.epoch > term.epoch, next.holder, next.held]).toEqual([true, 'b', true]);
    journal.proxy.cut();
    journal.proxy.heal();
    await expect.poll(() => cutOff.registration.current, patience).toBeDefined();
    expect([term.held, term.lost.reason]).toEqual([false, expect.objectContaining({ code: 'ETCD_LEASE_LOST' })]);
  });

  test('passes on at once when the leader stops', async () => {
    const first = startLeading(journal.direct, keys, 'a');
    const term = await first.leads();
    await using heir = startLeading(journal.direct, keys, 'b');
    await heir.mirror.waitFor(({ agents }) => agents.length === 2);
    await first[Symbol.asyncDispose]();
    // The lease was given back, so nobody waits for it to run out.
    expect((await journal.direct.range({ key: keys.agent('a') })).count).toBe(0);
    expect((await heir.leads()).epoch).toBe(2n);
    expect([term.held, term.lost.aborted]).toEqual([false, true]);
  });

  test('each of ten leaders has a larger epoch than the one before', async () => {
    const epochs: bigint[] = [];
    let leading = startLeading(journal.direct, keys, 'a');
    for (let change = 0; change < 10; change += 1) {
      epochs.push((await leading.leads()).epoch);
      const next = startLeading(journal.direct, keys, change % 2 === 0 ? 'b' : 'a');
      await leading[Symbol.asyncDispose]();
      leading = next;
    }
    await leading[Symbol.asyncDispose]();
    expect(epochs).toEqual([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n, 10n]);
  });

  test('an agent that resigns lets another one lead, and leads again only where there is none', async () => {
    await using a = startLeading(journal.direct, keys, 'a');
    await a.leads();
    let bMay = true;
    await using b = startLeading(journal.direct, keys, 'b', { eligible: () => bMay });
    await b.mirror.waitFor(({ agents }) => agents.length === 2);
    await a.leadership.resign();
    expect((await b.leads()).epoch).toBe(2n);
    bMay = false;
    await b.leadership.resign();
    expect((await a.leads()).epoch).toBe(3n);
    bMay = true;
    await a.leadership.resign();
    expect(a.leadership.term).toBeUndefined();
    b.leadership.reconsider();
    await expect.poll(() => a.leadership.term ?? b.leadership.term, patience).toBeDefined();
  });

  test('a record that etcd did not let be taken away is taken away later, or nobody would lead while that agent lives', async () => {
    const client = journal.connect();
    await using a = startLeading(client, keys, 'a');
    const { epoch } = await a.leads();
    await using b = startLeading(journal.direct, keys, 'b');
    await b.mirror.waitFor(({ agents }) => agents.length === 2);
    // As while there is no quorum, which is when a leader resigns.
    const refused = vi.spyOn(client, 'txn').mockRejectedValue(new Error('no quorum'));
    await a.leadership.resign();
    expect(b.mirror.snapshot.leader?.epoch).toBe(epoch);
    refused.mockRestore();
    expect((await Promise.race([a.leads(), b.leads()])).epoch).toBe(epoch + 1n);
  });

  test('a lease that was revoked behind the leader: etcd refuses its writes before it knows itself', async () => {
    await using agent = startLeading(journal.direct, keys, 'a');
    const term = await agent.leads();
    const stale: Term = { epoch: term.epoch, holder: 'a', guard: term.guard, held: true, lost: term.lost };
    await journal.direct.revokeLease(agent.registration.current?.lease.id ?? 0n);
    await expect(takeSlot(journal.direct, keys, stale, aSlot())).rejects.toMatchObject({ code: 'TERM_LOST' });
    await expect.poll(() => term.held, patience).toBe(false);
    const again = await agent.leads();
    expect(again.epoch).toBe(2n);
    await expect(takeSlot(journal.direct, keys, term, aSlot())).rejects.toMatchObject({ code: 'TERM_LOST' });
    await expect(takeSlot(journal.direct, keys, again, aSlot())).resolves.toBeDefined();
  });

  test('an epoch that cannot be read is not guessed: nobody leads', async () => {
    await journal.direct.put(keys.epoch, Buffer.from('seven'));
    await using agent = startLeading(journal.direct, keys, 'a');
    await expect.poll(() => agent.registration.current, patience).toBeDefined();
    await agent.mirror.waitFor(({ agents }) => agents.length === 1);
    await sleep(500);
    expect(agent.leadership.term).toBeUndefined();
    await journal.direct.put(keys.epoch, Buffer.from('7'));
    expect((await agent.leads()).epoch).toBe(8n);
  });

  test('makes no revision while nothing changes', async () => {
    await using a = startLeading(journal.direct, keys, 'a', { ttlSeconds: 9 });
    await using b = startLeading(journal.direct, keys, 'b', { ttlSeconds: 9 });
    await Promise.race([a.leads(), b.leads()]);
    await b.mirror.waitFor(({ agents, leader }) => agents.length === 2 && leader !== undefined);
    const { revision } = (await journal.direct.status()).header;
    await sleep(5000);
    expect((await journal.direct.status()).header.revision).toBe(revision);
    expect(a.leadership.term ?? b.leadership.term).toBeDefined();
  });
});

test('leadership passes on when the raft leader is killed together with its agent', async () => {
  await using journal = await journalOnEtcd({ members: 3 });
  const keys = journal.newKeys();
  const { header, leaderId } = await journal.direct.status();
  await using outside = new JournalMirror(journal.direct, keys);
  outside.start();
  const clients = journal.cluster.endpoints.map(
    (endpoint, index) => new MemberClient({ member: `m${index}`, endpoint }),
  );
  const ids = await Promise.all(clients.map(async (client) => (await client.status()).header.memberId));
  expect(header.memberId).toBe(ids[0]);
  const doomed = ids.indexOf(leaderId);
  const agents = clients.map((client, index) => ({
    start: () => startLeading(client, keys, ids[index] ?? '', { ttlSeconds: 3 }),
  }));
  const first = agents[doomed]?.start();
  const former = await first?.leads();
  const heirs = agents.filter((_, index) => index !== doomed).map(({ start }) => start());
  await Promise.all(heirs.map(({ mirror }) => mirror.waitFor((now) => now.agents.length === 3)));
  await journal.cluster.members[doomed]?.kill();
  const term = await Promise.race(heirs.map(({ leads }) => leads()));
  expect(term.epoch).toBeGreaterThan(former?.epoch ?? 0n);
  await Promise.all([...heirs, first].map((agent) => agent?.[Symbol.asyncDispose]()));
  for (const client of clients) client.close();
});
