import { afterEach, describe, expect, test } from 'vitest';
import type { Slot } from '../../src/cluster/caretaking.ts';
import type { MemberClient } from '../../src/etcd/member-client.ts';
import { JournalMirror } from '../../src/journal/mirror.ts';
import { parseHistory } from '../../src/journal/records/history.ts';
import type { Term } from '../../src/journal/term.ts';
import { claimSpareEpoch, consumeStep } from '../../src/lead/spare-epochs.ts';
import { replenishSpares } from '../../src/lead/spare-stock.ts';
import type { SpareTerm } from '../../src/lead/spare-term.ts';
import type { Effects } from '../../src/operate/effects.ts';
import { SpareJournal } from '../../src/operate/spare-journal.ts';
import { aSlot } from '../journal/journal-on-etcd.ts';
import { agentRecord } from '../lead/real-agent.ts';
import { type Operating, operating, termWith } from './operating.ts';

const QUOTA_BYTES = 16 * 2 ** 20;

let on: Operating | undefined;
const mirrors: JournalMirror[] = [];
const spareTerms: SpareTerm[] = [];
afterEach(async () => {
  for (const term of spareTerms.splice(0)) term[Symbol.dispose]();
  await Promise.all(mirrors.splice(0).map((mirror) => mirror.close()));
  await on?.[Symbol.asyncDispose]();
});

async function start(members: number, version: '3.4' | '3.5'): Promise<Operating> {
  on = await operating({ members, version, quotaBytes: QUOTA_BYTES });
  return on;
}

/** Writes until etcd refuses; gives the last revision that was written. @param keys overwritten in turn; 0: a new key each time */
async function fill(client: MemberClient, keys: number): Promise<bigint> {
  const value = Buffer.alloc(100 * 1024, 'x');
  for (let index = 0; ; index += 1) {
    const key = keys === 0 ? `live/${index}` : `history/${index % keys}`;
    try {
      await client.put(Buffer.from(key), value);
    } catch (error) {
      expect(error).toMatchObject({ code: 'ETCD_NOSPACE' });
      return (await client.status()).header.revision;
    }
  }
}

/** Spare epochs that are put ahead, and a leader; to be called before the store is full. */
async function lead(started: Operating): Promise<{ readonly term: Term; claim(): Promise<SpareTerm> }> {
  const { keys, ids } = started;
  const client = started.client();
  const term = await started.term();
  await client.put(keys.epoch, Buffer.from('1'));
  const mirror = new JournalMirror(client, keys);
  mirrors.push(mirror);
  mirror.start();
  const { snapshot } = await mirror.waitFor(({ connected }) => connected).then(() => mirror);
  await replenishSpares(client, keys, term, snapshot, ids);
  const record = agentRecord(ids[0] ?? '');
  const registration = {
    record,
    guard: [{ key: keys.agent(record.memberId), createRevision: 0n }],
    current: undefined,
  };
  return {
    term,
    claim: async () => {
      const now = await mirror.waitFor(({ spares }) => spares.length > 0);
      const claimed = await claimSpareEpoch({ client, keys, snapshot: now, registration, ttlMs: 600_000, term });
      if (claimed === undefined) throw new Error('no spare epoch could be claimed');
      spareTerms.push(claimed);
      return claimed;
    },
  };
}

/** @param spare whose steps are used, under whichever term */
function spareJournal(started: Operating, spare: SpareTerm, parameters: Slot['parameters'], term: Term = spare) {
  const client = started.client();
  const { keys } = started;
  return new SpareJournal(
    {
      ...{ client, keys, term, history: () => [], revision: 1_000_000n },
      consumeStep: async (_, signal) => {
        await consumeStep(client, keys, spare, signal);
      },
    },
    aSlot({ operation: 'nospace', epoch: 2n, targets: [...started.ids], parameters }),
  );
}

const alarmsOf = (started: Operating) => started.client().alarms();
const writes = (started: Operating, index = 0) => started.client(index).put(Buffer.from('after'), Buffer.from('1'));

describe.each([
  [3, '3.4'],
  [3, '3.5'],
  [1, '3.5'],
  [2, '3.5'],
] as const)('NOSPACE on %i members of etcd %s', (members, version) => {
  test('that comes from history is healed while every write is refused, and writes go on', async () => {
    const started = await start(members, version);
    const leader = await lead(started);
    const full = await fill(started.client(), 10);
    await expect(writes(started)).rejects.toMatchObject({ code: 'ETCD_NOSPACE' });
    expect((await alarmsOf(started)).length).toBeGreaterThan(0);
    const term = await leader.claim();
    const journal = spareJournal(started, term, { compactRevision: String(full - 1n), disarmBelowRatio: 0.8 });
    const disarmed: string[] = [];
    const disarmNospace: Effects['disarmNospace'] = async (memberId, permit) => {
      disarmed.push(memberId);
      for (const [index] of started.ids.entries()) {
        expect((await started.client(index).status()).dbSizeBytes).toBeLessThan(0.8 * QUOTA_BYTES);
      }
      await started.effects.disarmNospace(memberId, permit);
    };
    const raised = (await alarmsOf(started)).map(({ memberId }) => memberId);
    const entry = await started.run({ term, journal, effects: { disarmNospace } });
    expect(entry).toMatchObject({ outcome: 'succeeded', operation: 'nospace' });
    expect(disarmed.toSorted()).toEqual(raised.toSorted());
    expect(await alarmsOf(started)).toEqual([]);
    for (const [index] of started.ids.entries()) await writes(started, index);
    const page = await started.client().range({ key: Buffer.from('history/'), rangeEnd: Buffer.from('history0') });
    expect(page.kvs.map(({ value }) => value.length)).toEqual(Array.from({ length: 10 }, () => 100 * 1024));
    const [kept] = (await started.client().range({ key: started.keys.history(1_000_000n) })).kvs;
    expect(parseHistory(kept?.value ?? Buffer.alloc(0))).toMatchObject({ kind: 'record', record: { ...entry } });
  });
});

test('NOSPACE from live data stops with the prefixes that fill the store, and keeps the alarm and every key', async () => {
  const started = await start(1, '3.5');
  const leader = await lead(started);
  const full = await fill(started.client(), 0);
  const before = await started
    .client()
    .range({ key: Buffer.from('live/'), rangeEnd: Buffer.from('live0'), countOnly: true });
  started.see((state) => ({ ...state, largestPrefixes: [{ prefix: 'live/', bytes: 15_000_000 }] }));
  const term = await leader.claim();
  const journal = spareJournal(started, term, { compactRevision: String(full - 1n), disarmBelowRatio: 0.8 });
  const entry = await started.run({ term, journal });
  expect(entry).toMatchObject({
    outcome: 'stopped',
    code: 'NOSPACE_LIVE_DATA',
    figures: { compactRevision: Number(full - 1n) },
  });
  expect(entry?.summary).toMatch(/m1 .* MiB of 16\.0 MiB.*live\/ \(14\.3 MiB\)/);
  expect(entry?.figures[`inUseBytes.${started.ids[0]}`]).toBeGreaterThan(0.8 * QUOTA_BYTES);
  expect(await alarmsOf(started)).toEqual([{ memberId: started.ids[0], alarm: 'NOSPACE' }]);
  const after = await started
    .client()
    .range({ key: Buffer.from('live/'), rangeEnd: Buffer.from('live0'), countOnly: true });
  expect(after.count).toBe(before.count);
});

test('NOSPACE that comes back at once is said to have done so', async () => {
  const started = await start(1, '3.5');
  const leader = await lead(started);
  const full = await fill(started.client(), 10);
  const term = await leader.claim();
  const journal = spareJournal(started, term, { compactRevision: String(full - 1n) });
  const canaryWrite: Effects['canaryWrite'] = async (permit) => {
    await started.effects.canaryWrite(permit);
    await fill(started.client(), 10);
  };
  const entry = await started.run({ term, journal, effects: { canaryWrite } });
  expect(entry).toMatchObject({ outcome: 'stopped', code: 'NOSPACE_RERAISED' });
  expect(await alarmsOf(started)).toHaveLength(1);
});

test('NOSPACE recovery is gone on with by the next leader wherever the former one died', async () => {
  const started = await start(3, '3.4');
  const leader = await lead(started);
  const full = await fill(started.client(), 10);
  const parameters = { compactRevision: String(full - 1n), disarmBelowRatio: 0.8 };
  const spare = await leader.claim();
  let deaths = 0;
  // Each one dies right after the first call that it makes; spare steps that are used stay used.
  for (; (await alarmsOf(started)).length > 0; deaths += 1) {
    expect(deaths).toBeLessThan(20);
    const dying = termWith(spare.guard, 2n, 'a');
    const dies =
      <A extends unknown[]>(call: (...args: A) => Promise<void>) =>
      async (...args: A) => {
        await call(...args);
        dying.end();
      };
    const { compact, defragment, moveLeader, disarmNospace, canaryWrite } = started.effects;
    const effects = {
      ...{ compact: dies(compact), defragment: dies(defragment), moveLeader: dies(moveLeader) },
      ...{ disarmNospace: dies(disarmNospace), canaryWrite: dies(canaryWrite) },
    };
    const journal = spareJournal(started, spare, parameters, dying);
    expect(await started.run({ term: dying, journal, effects })).toBeUndefined();
  }
  // A compaction, three defragmentations, and the alarm of at least one member.
  expect(deaths).toBeGreaterThanOrEqual(5);
  expect(await alarmsOf(started)).toEqual([]);
  await writes(started);
});

test('NOSPACE beside CORRUPT is left to a person', async () => {
  const started = await start(1, '3.5');
  const leader = await lead(started);
  await fill(started.client(), 10);
  started.see((state) => ({ ...state, alarms: [...state.alarms, { memberId: 'x', member: 'm9', alarm: 'CORRUPT' }] }));
  const term = await leader.claim();
  const entry = await started.run({ term, journal: spareJournal(started, term, {}) });
  expect(entry).toMatchObject({ outcome: 'stopped', code: 'CORRUPT', steps: [] });
  expect(await alarmsOf(started)).toHaveLength(1);
});
