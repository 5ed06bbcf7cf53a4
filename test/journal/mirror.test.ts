import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { compact } from '../../src/etcd/maintenance-calls.ts';
import type { JournalKeys } from '../../src/journal/keys.ts';
import { JournalMirror } from '../../src/journal/mirror.ts';
import { encodeAgent } from '../../src/journal/records/agent.ts';
import { encodeArmed } from '../../src/journal/records/armed.ts';
import { encodeEpoch } from '../../src/journal/records/epoch.ts';
import { encodeHistory } from '../../src/journal/records/history.ts';
import { encodeLeader } from '../../src/journal/records/leader.ts';
import { encodePause } from '../../src/journal/records/pause.ts';
import { encodePlaces } from '../../src/journal/records/places.ts';
import { encodeReport } from '../../src/journal/records/report.ts';
import { encodeRequest } from '../../src/journal/records/request.ts';
import { encodeSlot } from '../../src/journal/records/slot.ts';
import { encodeSpare } from '../../src/journal/records/spare.ts';
import { anEntry, aSlot, type JournalOnEtcd, journalOnEtcd } from './journal-on-etcd.ts';

const patience = { timeout: 45_000 };

describe.each(['3.4', '3.5'] as const)('the mirror of the journal, on etcd %s', (version) => {
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

  const put = async (key: Buffer, value: Buffer): Promise<bigint> => (await journal.direct.put(key, value)).revision;

  test('shows everything that agents write, what was there before and what comes after', async () => {
    const agent = {
      memberId: 'a',
      member: 'm1',
      instance: 'i',
      version: '1',
      operations: { defrag: 1 },
      role: 'default',
      startedAtMs: 1,
    } as const;
    const leader = { memberId: 'a', member: 'm1', instance: 'i', epoch: 7n, sinceMs: 1 };
    const slot = aSlot({ epoch: 7n });
    const request = { id: 'r', operation: 'defrag', by: 'me', atMs: 1 };
    const report = {
      ...{ operationId: slot.id, step: 1, memberId: 'a', summary: 'Done.', figures: { n: 1 } },
      outcome: 'succeeded',
    } as const;
    const pause = { reason: 'r', by: 'me', atMs: 1, untilMs: 2 };
    const armed = { atMs: 1, epoch: 7n, members: ['a'] };
    const entries = [anEntry({ revision: 3n }), anEntry({ revision: 20n })];
    const late = anEntry({ revision: 25n });
    await put(keys.agent('a'), encodeAgent(agent));
    const leaderRevision = await put(keys.leader, encodeLeader(leader));
    const epochRevision = await put(keys.epoch, encodeEpoch(7n));
    for (const entry of entries) await put(keys.history(entry.revision), encodeHistory(entry));
    await using mirror = new JournalMirror(journal.connect(), keys);
    expect(mirror.snapshot).toMatchObject({ connected: false, agents: [] });
    mirror.start();
    await mirror.waitFor(({ connected }) => connected);
    const slotRevision = await put(keys.slot, encodeSlot(slot));
    const requestRevision = await put(keys.request('r'), encodeRequest(request));
    await put(keys.request(slot.id), encodeRequest({ ...request, id: slot.id }));
    await put(keys.report(slot.id), encodeReport(report));
    // One that cannot be read is as good as none.
    await put(keys.report('x'), Buffer.from('x'));
    await put(keys.pause, encodePause(pause));
    await put(keys.armed, encodeArmed(armed));
    const places = [{ memberId: 'a', member: 'm1', url: 'https://h1:9379' }];
    await put(keys.places, encodePlaces(places));
    await put(keys.history(25n), encodeHistory(late));
    await put(keys.resumeToken(2), encodeSpare({ members: ['a', 'b'] }));
    await put(keys.spareEpoch(8n, 'a'), encodeSpare({ members: ['a', 'b'], ttlMs: 9000 }));
    await put(keys.spareStep(8n, 3), encodeSpare({ members: ['a', 'b'] }));
    await put(Buffer.from(`${keys.prefix}of/a/later/version`), Buffer.from('x'));
    const revision = await put(keys.canary, Buffer.from('x'));
    const resumedRevision = await put(keys.resumed, Buffer.from('{}'));
    const { lastSpareChangeAtMonotonicMs, arrivedAtMonotonicMs, ...snapshot } = await mirror.current(resumedRevision);
    expect(snapshot).toEqual({
      revision: resumedRevision,
      connected: true,
      agents: [agent],
      leader,
      leaderRevision,
      epoch: 7n,
      epochRevision,
      slot: { slot, createRevision: slotRevision, modRevision: slotRevision },
      slotRevision,
      history: [late, ...entries.toReversed()],
      requests: [{ ...request, revision: requestRevision }],
      staleRequests: [slot.id],
      reports: [report],
      pause,
      armed,
      places,
      resumedRevision,
      resumeTokens: [2],
      unreadable: [],
      spares: [{ epoch: 8n, members: ['a', 'b'], ttlMs: 9000, missing: ['b'], steps: [3] }],
    });
    expect(resumedRevision).toBe(revision + 1n);
    expect(lastSpareChangeAtMonotonicMs).toBeLessThanOrEqual(performance.now());
    // Of those that were there before nobody knows when they came.
    expect([...arrivedAtMonotonicMs.keys()]).toEqual([25n]);
    expect(arrivedAtMonotonicMs.get(25n)).toBeLessThanOrEqual(performance.now());

    const { header } = await journal.direct.deleteRange(keys.all.key, keys.all.rangeEnd);
    const empty = await mirror.current(header.revision);
    expect(empty).toMatchObject({ agents: [], epoch: 0n, leaderRevision: 0n, history: [], requests: [], spares: [] });
    expect(empty.lastSpareChangeAtMonotonicMs).toBeGreaterThan(lastSpareChangeAtMonotonicMs);
  });

  test('names the keys that it cannot read, and reads the others', async () => {
    await put(keys.agent('a'), Buffer.from([0xff, 0xfe]));
    await put(keys.epoch, Buffer.from('many'));
    await put(keys.pause, Buffer.from('{"format":3}'));
    await put(keys.request('other'), encodeRequest({ id: 'r', operation: 'defrag', by: 'me', atMs: 1 }));
    const revision = await put(keys.history(5n), encodeHistory(anEntry({ revision: 5n })));
    await using mirror = new JournalMirror(journal.connect(), keys);
    mirror.start();
    const { unreadable, history, epoch, epochRevision } = await mirror.current(revision);
    const found = unreadable.map(({ key, kind }) => [key.slice(keys.prefix.length), kind]);
    expect(found.sort()).toEqual([
      ['agents/a', 'garbage'],
      ['epoch', 'garbage'],
      ['pause', 'newer'],
      ['requests/other', 'garbage'],
    ]);
    expect([history.length, epoch, epochRevision > 0n]).toEqual([1, undefined, true]);
  });

  test('says that it is cut off, keeps what it had, and has missed nothing when it is back', async () => {
    await using mirror = new JournalMirror(journal.connect(), keys);
    mirror.start();
    await mirror.current(await put(keys.epoch, encodeEpoch(1n)));
    journal.proxy.cut();
    const cutOff = await mirror.waitFor(({ connected }) => !connected);
    expect(cutOff).toMatchObject({ epoch: 1n, fault: { code: expect.any(String) } });
    await put(keys.epoch, encodeEpoch(2n));
    await journal.direct.deleteRange(keys.epoch);
    const revision = await put(keys.epoch, encodeEpoch(3n));
    journal.proxy.heal();
    expect(await mirror.current(revision)).toMatchObject({ epoch: 3n, connected: true });
    expect(mirror.snapshot.fault).toBeUndefined();
  });

  test('is right again after compaction took away what it has missed', async () => {
    await using mirror = new JournalMirror(journal.connect(), keys);
    mirror.start();
    await mirror.current(await put(keys.epoch, encodeEpoch(1n)));
    journal.proxy.cut();
    await mirror.waitFor(({ connected }) => !connected);
    await put(keys.epoch, encodeEpoch(2n));
    const revision = await put(keys.epoch, encodeEpoch(3n));
    await compact(journal.direct, revision);
    journal.proxy.heal();
    expect((await mirror.current(revision)).epoch).toBe(3n);
  });

  test('is right again after its member was restarted', async () => {
    await using mirror = new JournalMirror(journal.connect(), keys);
    mirror.start();
    await mirror.current(await put(keys.epoch, encodeEpoch(1n)));
    await journal.cluster.members[0]?.kill();
    await mirror.waitFor(({ connected }) => !connected);
    await journal.cluster.members[0]?.start();
    const revision = await put(keys.epoch, encodeEpoch(2n));
    expect((await mirror.current(revision)).epoch).toBe(2n);
  });

  test('costs no call and no revision while nothing happens', async () => {
    await using mirror = new JournalMirror(journal.connect(), keys);
    mirror.start();
    const { revision } = await mirror.waitFor(({ connected }) => connected);
    let snapshots = 0;
    mirror.onChange(() => {
      snapshots += 1;
    });
    await put(Buffer.from('/elsewhere'), Buffer.from('x'));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect([snapshots, mirror.snapshot.revision]).toEqual([0, revision]);
  });

  test('waiting for what does not come ends with the signal', async () => {
    await using mirror = new JournalMirror(journal.connect(), keys);
    mirror.start();
    await expect(mirror.current(2n ** 60n, AbortSignal.timeout(200))).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect.poll(() => mirror.snapshot.connected, patience).toBe(true);
  });
});
