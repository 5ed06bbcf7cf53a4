import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KeptLease } from '../../src/etcd/kept-lease.ts';
import { compact, defragment, disarm } from '../../src/etcd/maintenance-calls.ts';
import type { MemberClient } from '../../src/etcd/member-client.ts';
import type { JournalKeys } from '../../src/journal/keys.ts';
import { JournalMirror } from '../../src/journal/mirror.ts';
import { resume } from '../../src/journal/pause.ts';
import { encodeAgent } from '../../src/journal/records/agent.ts';
import { advanceSlot, takeSlot } from '../../src/journal/slot.ts';
import type { JournalSnapshot } from '../../src/journal/snapshot.ts';
import { claimSpareEpoch, consumeStep, keepSpareTerm } from '../../src/lead/spare-epochs.ts';
import { replenishSpares, sparesMissing } from '../../src/lead/spare-stock.ts';
import type { SpareTerm } from '../../src/lead/spare-term.ts';
import { aSlot, forcedTerm, type JournalOnEtcd, journalOnEtcd } from '../journal/journal-on-etcd.ts';
import { agentRecord, type LeadingAgent, startLeading } from './real-agent.ts';

const members = ['a', 'b', 'c'];
const STEPS = 24;
/** Short where death is waited for, long where a busy machine must not lose a term. */
const SHORT_TTL_MS = 1000;
const LONG_TTL_MS = 600_000;
const patience = { timeout: 45_000 };

/** Fills the database until etcd raises the alarm; gives the revision then. */
async function fill(client: MemberClient): Promise<bigint> {
  for (let count = 0; ; count += 1) {
    const put = await client
      .put(Buffer.from(`/fill/${count % 8}`), Buffer.alloc(1_000_000, count))
      .catch((error) => error);
    if (put instanceof Error) {
      expect(put).toMatchObject({ code: 'ETCD_NOSPACE' });
      return (await client.status()).header.revision;
    }
  }
}

/** As it is where an older version made the spare epochs: then each goes by its own. */
function withoutTtl(snapshot: JournalSnapshot): JournalSnapshot {
  return { ...snapshot, spares: snapshot.spares.map(({ ttlMs: _ttl, ...spare }) => spare) };
}

/** What an agent without a lease stands for in a claim: it could not take one under NOSPACE. */
const unregistered = (keys: JournalKeys, memberId: string) => ({
  record: agentRecord(memberId),
  guard: [{ key: keys.agent(memberId), createRevision: 0n }],
  current: undefined,
});

/** An agent whose record stands under a lease, and whose death is the lease's end. */
async function registered(client: MemberClient, keys: JournalKeys, memberId: string) {
  const record = agentRecord(memberId);
  const lease = await KeptLease.grant(client, { ttlSeconds: 60 });
  const put = { put: keys.agent(memberId), value: encodeAgent(record), lease: lease.id };
  const { revision: createRevision } = await client.txn({ compare: [], changes: [put] });
  return { record, guard: [{ key: keys.agent(memberId), createRevision }], current: { lease, createRevision } };
}

describe.each(['3.4', '3.5'] as const)('spare epochs under NOSPACE, on etcd %s', (version) => {
  let journal: JournalOnEtcd;
  let atAlarm: bigint;
  let leading: { agent: LeadingAgent; keys: JournalKeys };
  const prepared: { keys: JournalKeys; first: Awaited<ReturnType<typeof registered>> }[] = [];
  const opened: AsyncDisposable[] = [];

  const follow = async (keys: JournalKeys): Promise<JournalMirror> => {
    const mirror = new JournalMirror(journal.direct, keys);
    opened.push(mirror);
    mirror.start();
    await mirror.waitFor(({ connected }) => connected);
    return mirror;
  };
  /** A journal with a full stock of spares and without a leader, as it is when the leader dies under NOSPACE. */
  const prepare = async (): Promise<JournalKeys> => {
    const keys = journal.newKeys();
    const term = await forcedTerm(journal.direct, keys);
    await journal.direct.put(keys.epoch, Buffer.from('1'));
    const mirror = await follow(keys);
    await replenishSpares(journal.direct, keys, term, mirror.snapshot, { memberIds: members, ttlMs: LONG_TTL_MS });
    await journal.direct.deleteRange(keys.leader);
    await mirror.close();
    return keys;
  };
  const claim = (snapshot: JournalSnapshot, keys: JournalKeys, memberId: string, ttlMs = LONG_TTL_MS) =>
    claimSpareEpoch({ client: journal.direct, keys, snapshot, registration: unregistered(keys, memberId), ttlMs });

  beforeAll(async () => {
    journal = await journalOnEtcd({ version, quotaBytes: 16 * 1024 * 1024 });
    for (let index = 0; index <= STEPS + 4; index += 1) {
      const keys = await prepare();
      const first = await registered(journal.direct, keys, 'a');
      opened.push(first.current.lease);
      prepared.push({ keys, first });
    }
    const keys = journal.newKeys();
    const agent = startLeading(journal.direct, keys, 'a');
    leading = { agent, keys };
    const term = await agent.leads();
    const snapshot = await agent.mirror.waitFor(({ epoch }) => epoch === 1n);
    await replenishSpares(journal.direct, keys, term, snapshot, { memberIds: members, ttlMs: LONG_TTL_MS });
    await takeSlot(journal.direct, keys, term, aSlot());
    atAlarm = await fill(journal.direct);
  });
  afterAll(async () => {
    await leading.agent[Symbol.asyncDispose]();
    await Promise.all(opened.map((each) => each[Symbol.asyncDispose]()));
    await journal[Symbol.asyncDispose]();
  });

  test('a put is refused, and of two agents that claim at once one wins', async () => {
    const [{ keys } = { keys: journal.newKeys() }] = prepared;
    await expect(journal.direct.put(keys.canary, Buffer.from('x'))).rejects.toMatchObject({ code: 'ETCD_NOSPACE' });
    const { snapshot } = await follow(keys);
    const claims = await Promise.all(['b', 'c'].map((memberId) => claim(snapshot, keys, memberId)));
    const won = claims.filter((term) => term !== undefined);
    expect(won).toHaveLength(1);
    const [term] = won;
    expect([term?.epoch, term?.held]).toEqual([2n, true]);
    if (term !== undefined) expect(await consumeStep(journal.direct, keys, term)).toBe(0);
    term?.end('the test is over');
  });

  test('resume is said by a token that goes, seen by all who watch, and each time by another one', async () => {
    const [, { keys } = { keys: journal.newKeys() }] = prepared;
    const mirror = await follow(keys);
    expect(mirror.snapshot).toMatchObject({ resumedRevision: 0n, resumeTokens: [0, 1, 2, 3] });
    for (const left of [3, 2, 1, 0]) {
      const revision = await resume(journal.direct, keys, 'me');
      const { resumedRevision, resumeTokens } = await mirror.current(revision);
      expect([resumedRevision, resumeTokens.length]).toEqual([revision, left]);
    }
    await expect(resume(journal.direct, keys, 'me')).rejects.toMatchObject({ code: 'ETCD_NOSPACE' });
  });

  test('a step is not made while a pause stands, and the term stays', async () => {
    const [, , { keys } = { keys: journal.newKeys() }] = prepared;
    const mirror = await follow(keys);
    using term = (await claim(mirror.snapshot, keys, 'b')) as SpareTerm;
    // Nothing can be put any more, so a key that is there stands in for the pause.
    const paused = { ...keys, pause: keys.epoch };
    const step = consumeStep(journal.direct, paused, term, undefined, { unlessPaused: true });
    await expect(step).rejects.toMatchObject({ code: 'PAUSED' });
    expect(term.held).toBe(true);
    expect(await consumeStep(journal.direct, keys, term, undefined, { unlessPaused: true })).toBe(0);
    term.end('the test is over');
  });

  test('two steps at the same moment take one each', async () => {
    const [, , , { keys } = { keys: journal.newKeys() }] = prepared;
    const mirror = await follow(keys);
    using term = (await claim(mirror.snapshot, keys, 'b')) as SpareTerm;
    const both = await Promise.all([
      consumeStep(journal.direct, keys, term),
      keepSpareTerm(journal.direct, keys, term),
    ]);
    expect([both[0], term.held]).toEqual([0, true]);
    expect(await consumeStep(journal.direct, keys, term)).toBe(2);
    term.end('the test is over');
  });

  test('a claimer whose place was taken cannot step any more, whatever its clock says', async () => {
    const [, { keys } = { keys: journal.newKeys() }] = prepared;
    const mirror = await follow(keys);
    using former = await claim(mirror.snapshot, keys, 'b');
    await mirror.waitFor(({ spares }) => spares.some(({ missing }) => missing.length > 0));
    const snapshot = { ...mirror.snapshot, lastSpareChangeAtMonotonicMs: Number.NEGATIVE_INFINITY };
    using next = await claim(snapshot, keys, 'c');
    expect([former?.held, former?.epoch, next?.epoch]).toEqual([true, 2n, 3n]);
    await expect(consumeStep(journal.direct, keys, former as SpareTerm)).rejects.toMatchObject({ code: 'TERM_LOST' });
    expect(former?.held).toBe(false);
    await expect(consumeStep(journal.direct, keys, next as SpareTerm)).resolves.toBe(0);
  });

  test('a claimer that dies after any step is followed by another one, which goes on', async () => {
    const deaths = prepared.slice(4).map(async ({ keys, first }, steps) => {
      const mirror = await follow(keys);
      const { current } = first;
      const options = { client: journal.direct, keys, ttlMs: LONG_TTL_MS, registration: first };
      using term = await claimSpareEpoch({ ...options, snapshot: mirror.snapshot });
      if (term === undefined) throw new Error('not claimed');
      for (let step = 0; step < steps; step += 1) expect(await consumeStep(journal.direct, keys, term)).toBe(step);
      await mirror.waitFor(
        ({ spares }) => spares[0]?.missing.includes('a') === true && spares[0].steps.length === STEPS - steps,
      );
      expect(await claim(withoutTtl(mirror.snapshot), keys, 'b', SHORT_TTL_MS)).toBeUndefined();
      await current.lease.close();
      await mirror.waitFor(({ agents }) => agents.length === 0);
      let heir: SpareTerm | undefined;
      await expect
        .poll(async () => {
          heir ??= await claim(withoutTtl(mirror.snapshot), keys, 'b', SHORT_TTL_MS);
          return heir?.epoch;
        }, patience)
        .toBe(3n);
      const rest = claim(withoutTtl(mirror.snapshot), keys, 'c', SHORT_TTL_MS);
      expect(await rest).toBeUndefined();
      heir?.end('the test is over');
      if (steps === STEPS) {
        await expect(consumeStep(journal.direct, keys, term)).rejects.toMatchObject({ code: 'SPARE_STEPS_USED_UP' });
      } else await expect(consumeStep(journal.direct, keys, term)).rejects.toMatchObject({ code: 'TERM_LOST' });
    });
    expect(deaths).toHaveLength(STEPS + 1);
    await Promise.all(deaths);
  });

  test('the leader by lease claims with its slot, keeps its term by showing itself, and replenishes after the disarm', async () => {
    const { agent, keys } = leading;
    const term = await agent.leads();
    const before = await agent.mirror.waitFor(({ slot }) => slot !== undefined);
    if (before.slot === undefined) throw new Error('no slot');
    await expect(
      advanceSlot(journal.direct, keys, term, before.slot, { ...before.slot.slot, phase: 'next' }),
    ).rejects.toMatchObject({ code: 'ETCD_NOSPACE' });
    const { registration } = agent;
    using spare = await claimSpareEpoch({
      client: journal.direct,
      keys,
      snapshot: before,
      registration,
      ttlMs: LONG_TTL_MS,
      term,
    });
    if (spare === undefined) throw new Error('not claimed');
    const claimed = await agent.mirror.waitFor(({ slotRevision }) => slotRevision === 0n);
    expect([spare.epoch, sparesMissing(claimed, members)]).toEqual([2n, true]);
    await consumeStep(journal.direct, keys, spare);
    const { revision } = (await journal.direct.status()).header;
    await keepSpareTerm(journal.direct, keys, spare);
    expect((await journal.direct.status()).header.revision).toBe(revision);
    await expect(
      replenishSpares(journal.direct, keys, term, claimed, { memberIds: members, ttlMs: LONG_TTL_MS }),
    ).rejects.toMatchObject({
      code: 'ETCD_NOSPACE',
    });

    await compact(journal.direct, atAlarm);
    await defragment(journal.direct);
    const [alarm] = await journal.direct.alarms();
    if (alarm === undefined) throw new Error('no alarm');
    await disarm(journal.direct, alarm);
    await replenishSpares(journal.direct, keys, term, claimed, { memberIds: members, ttlMs: LONG_TTL_MS });
    await expect.poll(() => term.held, patience).toBe(false);
    await expect(consumeStep(journal.direct, keys, spare)).rejects.toMatchObject({ code: 'TERM_LOST' });
    const next = await agent.leads();
    expect(next.epoch).toBe(3n);
    const now = await agent.mirror.waitFor(({ epoch }) => epoch === 3n);
    await replenishSpares(journal.direct, keys, next, now, { memberIds: members, ttlMs: LONG_TTL_MS });
    // Nobody had said resume.
    expect(agent.mirror.snapshot.resumedRevision).toBe(0n);
    const full = await agent.mirror.waitFor((snapshot) => !sparesMissing(snapshot, members));
    expect(full.spares.map(({ epoch }) => epoch)).toEqual([4n, 5n, 6n, 7n, 8n, 9n, 10n, 11n]);

    const others = ['a', 'b', 'd'];
    await replenishSpares(journal.direct, keys, next, full, { memberIds: others, ttlMs: LONG_TTL_MS });
    const changed = await agent.mirror.waitFor((snapshot) => !sparesMissing(snapshot, others));
    expect(changed.spares.map(({ members: of }) => of)).toEqual(changed.spares.map(() => others));
    const keysLeft = (await journal.direct.range(keys.spareEpochs(0n))).kvs.map(({ key }) => key.toString());
    expect(keysLeft).toHaveLength(8 * (STEPS + 3));
    expect(keysLeft.filter((key) => key.endsWith('/c'))).toEqual([]);
  });
});

test('a term on a spare epoch is over when nothing was done under it for its time', async () => {
  await using journal = await journalOnEtcd();
  const keys = journal.newKeys();
  const term = await forcedTerm(journal.direct, keys);
  await using mirror = new JournalMirror(journal.direct, keys);
  mirror.start();
  await replenishSpares(journal.direct, keys, term, await mirror.waitFor(({ connected }) => connected), {
    memberIds: members,
    ttlMs: LONG_TTL_MS,
  });
  await mirror.waitFor((snapshot) => !sparesMissing(snapshot, members));
  const options = { client: journal.direct, keys, registration: unregistered(keys, 'a'), term };
  using spare = await claimSpareEpoch({ ...options, snapshot: mirror.snapshot, ttlMs: SHORT_TTL_MS });
  await expect.poll(() => spare?.lost.aborted, patience).toBe(true);
  expect([spare?.held, spare?.lost.reason]).toEqual([false, expect.objectContaining({ code: 'TERM_LOST' })]);
  await expect(consumeStep(journal.direct, keys, spare as SpareTerm)).rejects.toMatchObject({ code: 'TERM_LOST' });
});
