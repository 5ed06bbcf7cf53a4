import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { MemberClient } from '../../src/etcd/member-client.ts';
import { writeArmed } from '../../src/journal/armed.ts';
import type { JournalKeys } from '../../src/journal/keys.ts';
import { JournalMirror } from '../../src/journal/mirror.ts';
import { pause, resume } from '../../src/journal/pause.ts';
import { answerRequest, dropStaleRequests, putRequest } from '../../src/journal/requests.ts';
import { takeSlot } from '../../src/journal/slot.ts';
import { uninstall } from '../../src/journal/uninstall.ts';
import { startLeading } from '../lead/real-agent.ts';
import { anEntry, aSlot, forcedTerm, type JournalOnEtcd, journalOnEtcd } from './journal-on-etcd.ts';

const wish = { reason: 'moving racks', by: 'me', forMs: 3_600_000 };

describe('what people ask for', () => {
  let journal: JournalOnEtcd;
  let keys: JournalKeys;
  let mirror: JournalMirror;

  beforeAll(async () => {
    journal = await journalOnEtcd();
  });
  beforeEach(() => {
    keys = journal.newKeys();
    mirror = new JournalMirror(journal.direct, keys);
    mirror.start();
  });
  afterEach(() => mirror.close());
  afterAll(() => journal[Symbol.asyncDispose]());

  const leases = async (): Promise<number> => {
    const { lease } = await journal.direct.etcd3();
    return (await lease.leaseLeases()).leases.length;
  };

  test('a request that comes to be there again after it was answered is never begun, and goes', async () => {
    const term = await forcedTerm(journal.direct, keys);
    const record = { id: 'r1', operation: 'defrag', by: 'me', atMs: 1 };
    const revision = await putRequest(journal.direct, keys, record);
    await answerRequest(journal.direct, keys, term, 'r1', anEntry({ id: 'r1', revision }), []);
    // The first attempt of its writer, whose answer was lost, arrives only now.
    const late = await putRequest(journal.direct, keys, record);
    expect(await mirror.current(late)).toMatchObject({ requests: [], staleRequests: ['r1'] });
    await dropStaleRequests(journal.direct, keys, term, ['r1']);
    const left = await mirror.waitFor(({ staleRequests }) => staleRequests.length === 0);
    expect(left.history.map(({ id }) => id)).toEqual(['r1']);
  });

  test('a pause stands until somebody says resume, which also closes the breakers, and leaves no lease', async () => {
    const before = await leases();
    const { pause: record, revision } = await pause(journal.direct, keys, wish);
    expect((await mirror.current(revision)).pause).toEqual(record);
    expect(record).toMatchObject({ reason: 'moving racks', by: 'me', untilMs: record.atMs + wish.forMs });
    const resumed = await resume(journal.direct, keys, 'you');
    const after = await mirror.current(resumed);
    expect([after.pause, after.resumedRevision, await leases()]).toEqual([undefined, resumed, before]);
  });

  test('a pause ends by itself when its time is over, by the clock of etcd', async () => {
    await pause(journal.direct, keys, { ...wish, forMs: 2000 });
    await mirror.waitFor((now) => now.pause !== undefined);
    await mirror.waitFor((now) => now.pause === undefined);
    expect(mirror.snapshot.connected).toBe(true);
  });

  test('a second pause takes the place of the first, whose lease does not end it', async () => {
    const before = await leases();
    await pause(journal.direct, keys, { ...wish, forMs: 60_000 });
    const second = await pause(journal.direct, keys, { ...wish, reason: 'another' });
    expect((await mirror.current(second.revision)).pause?.reason).toBe('another');
    expect(await leases()).toBe(before + 1);
    const both = await Promise.allSettled(
      [1, 2, 3].map((forMs) => pause(journal.direct, keys, { ...wish, forMs: forMs * 60_000 })),
    );
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
    expect(await leases()).toBe(before + 1);
    await resume(journal.direct, keys, 'me');
  });

  test('resume ends the pause that stood when it was said, and no other one', async () => {
    await pause(journal.direct, keys, wish);
    const between = journal.connect();
    const txn = between.txn.bind(between);
    vi.spyOn(between, 'txn').mockImplementationOnce(async (request, signal) => {
      await pause(journal.direct, keys, { ...wish, reason: 'another' });
      return txn(request, signal);
    });
    await expect(resume(between, keys, 'you')).rejects.toMatchObject({ code: 'PAUSE_CHANGED' });
    expect((await mirror.waitFor((now) => now.pause?.reason === 'another')).resumedRevision).toBe(0n);
    await resume(journal.direct, keys, 'me');
  });

  test('resume without a pause closes the breakers', async () => {
    const revision = await resume(journal.direct, keys, 'me');
    expect((await mirror.current(revision)).resumedRevision).toBe(revision);
  });

  test('a request stands until the leader has answered it, with an entry in the history', async () => {
    const term = await forcedTerm(journal.direct, keys);
    const request = { id: randomUUID(), operation: 'defrag', target: 'a', by: 'me', atMs: 5 };
    const revision = await putRequest(journal.direct, keys, request);
    expect((await mirror.current(revision)).requests).toEqual([{ ...request, revision }]);
    await expect(putRequest(journal.direct, keys, request)).rejects.toMatchObject({ code: 'REQUEST_EXISTS' });
    const entry = anEntry({ id: request.id, revision, outcome: 'refused', code: 'POLICY_OFF' });
    await answerRequest(journal.direct, keys, term, request.id, entry, []);
    const { requests, history } = await mirror.waitFor((now) => now.history.length > 0);
    expect([requests, history]).toEqual([[], [entry]]);
  });

  test('a request that arrives once more after it was answered is not seen', async () => {
    const request = { id: 'again', operation: 'defrag', by: 'me', atMs: 5 };
    const term = await forcedTerm(journal.direct, keys);
    const revision = await putRequest(journal.direct, keys, request);
    await answerRequest(journal.direct, keys, term, request.id, anEntry({ id: request.id, revision }), []);
    const second = await putRequest(journal.direct, keys, request);
    expect((await mirror.current(second)).requests).toEqual([]);
  });

  test('arming is written under the term', async () => {
    const record = { atMs: 1, epoch: 1n, members: ['a', 'b'] };
    const term = await forcedTerm(journal.direct, keys);
    await writeArmed(journal.direct, keys, term, record);
    expect((await mirror.waitFor(({ armed }) => armed !== undefined)).armed).toEqual(record);
    await forcedTerm(journal.direct, keys);
    await expect(writeArmed(journal.direct, keys, term, record)).rejects.toMatchObject({ code: 'TERM_LOST' });
  });

  test('uninstall waits for the agents to be stopped, and then deletes what is theirs and nothing else', async () => {
    const beside = Buffer.from(`${keys.prefix.slice(0, -1)}0`);
    const before = Buffer.from(keys.prefix.slice(0, -1));
    await journal.direct.put(beside, Buffer.from('x'));
    await journal.direct.put(before, Buffer.from('x'));
    {
      await using agent = startLeading(journal.direct, keys, 'a');
      const term = await agent.leads();
      await expect(uninstall(journal.direct, keys)).rejects.toMatchObject({ code: 'AGENTS_REGISTERED' });
      await takeSlot(journal.direct, keys, term, aSlot());
    }
    await expect(uninstall(journal.direct, keys)).rejects.toMatchObject({ code: 'AGENTS_REGISTERED' });
    await resume(journal.direct, keys, 'me');
    // The epoch, the slot and what resume said.
    expect(await uninstall(journal.direct, keys, { force: true })).toBe(3);
    expect(await uninstall(journal.direct, keys)).toBe(0);
    expect(
      (await journal.direct.range({ key: before, rangeEnd: Buffer.concat([beside, Buffer.from([0])]) })).count,
    ).toBe(2);
  });
});

test('everything works with authentication on', async () => {
  await using journal = await journalOnEtcd({ auth: { rootPassword: 'so secret' } });
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-journal-'));
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, 'so secret\n');
  const endpoint = journal.cluster.endpoints[0] ?? '';
  const client = new MemberClient({ member: 'm1', endpoint, auth: { username: 'root', passwordFile } });
  const keys = journal.newKeys();
  try {
    await using agent = startLeading(client, keys, 'a');
    const term = await agent.leads();
    const { slot } = await takeSlot(client, keys, term, aSlot());
    expect((await agent.mirror.waitFor((now) => now.slot !== undefined)).slot?.slot).toEqual(slot);
    await pause(client, keys, wish);
    await resume(client, keys, 'me');
    await agent[Symbol.asyncDispose]();
    expect(await uninstall(client, keys, { force: true })).toBe(3);

    await using stranger = startLeading(journal.direct, keys, 'b');
    await expect.poll(() => stranger.mirror.snapshot.fault?.code, { timeout: 30_000 }).toBe('ETCD_AUTH_REQUIRED');
    await expect.poll(() => stranger.registration.fault?.code, { timeout: 30_000 }).toBeDefined();
  } finally {
    client.close();
    await rm(folder, { recursive: true, force: true });
  }
});
