import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { takeOverSlot } from '../../src/journal/slot.ts';
import type { Permit, Reads } from '../../src/operate/effects.ts';
import { SlotJournal } from '../../src/operate/slot-journal.ts';
import { compactedTo } from '../../src/operate/steps/compacted-to.ts';
import { type Operating, operating } from './operating.ts';

describe('a compaction', () => {
  let on: Operating;
  beforeAll(async () => {
    on = await operating({ members: 3 });
  });
  afterAll(() => on[Symbol.asyncDispose]());

  const newest = async (): Promise<bigint> => (await on.client().status()).header.revision;
  const write = async (count: number): Promise<bigint> => {
    const one = (index: number) => on.client().put(Buffer.from(`key/${index % 7}`), Buffer.from(String(index)));
    for (let at = 0; at < count; at += 100)
      await Promise.all(Array.from({ length: 100 }, (_, index) => one(at + index)));
    return newest();
  };
  const isGone = (revision: bigint) => on.effects.compactedBefore(revision, new AbortController().signal);
  const begin = async (revision: bigint, parameters = {}) => {
    const term = await on.term();
    const all = { revision: String(revision), compactedRevision: '0', ...parameters };
    return { term, journal: await on.slot(term, { operation: 'compaction', targets: [], parameters: all }) };
  };

  test('goes up to its target in batches, while writes go on, and no further', async () => {
    const target = await write(3000);
    const started = await begin(target);
    let writing = true;
    const writer = (async () => {
      let written = 0;
      for (; writing; written += 1) await on.client().put(Buffer.from('w'), Buffer.from(String(written)));
      return written;
    })();
    const revisions: bigint[] = [];
    const compact = async (revision: bigint, permit: Permit) => {
      revisions.push(revision);
      await on.effects.compact(revision, permit);
    };
    const entry = await on.run({ ...started, effects: { compact } });
    writing = false;
    expect(await writer).toBeGreaterThan(0);
    expect(entry).toMatchObject({ outcome: 'succeeded', figures: { batches: revisions.length } });
    expect(revisions.length).toBeGreaterThan(1);
    expect(revisions.at(-1)).toBe(target);
    expect([await isGone(target), await isGone(target + 1n)]).toEqual([true, false]);
    expect((await on.client().range({ key: Buffer.from('key/1') })).kvs).toHaveLength(1);
  });

  test('is gone on with by the next leader from where it stands, also where somebody else compacts meanwhile', async () => {
    const target = await write(3000);
    const { term: former, journal } = await begin(target);
    let calls = 0;
    const endsTerm = async (revision: bigint, permit: Permit) => {
      await on.effects.compact(revision, permit);
      calls += 1;
      former.end();
    };
    expect(await on.run({ term: former, journal, effects: { compact: endsTerm } })).toBeUndefined();
    expect([calls, await isGone(target)]).toEqual([1, false]);

    const term = await on.term({ epoch: 2n });
    const [stored] = (await on.client().range({ key: on.keys.slot })).kvs;
    const revisions = { createRevision: stored?.createRevision ?? 0n, modRevision: stored?.modRevision ?? 0n };
    const taken = await takeOverSlot(on.client(), on.keys, term, { slot: journal.slot, ...revisions });
    const next = new SlotJournal({ client: on.client(), keys: on.keys, term, history: () => [] }, taken);
    let other = false;
    const compact = async (revision: bigint, permit: Permit) => {
      if (!other) await on.effects.compact(revision + 5n < target ? revision + 5n : revision, permit);
      other = true;
      await on.effects.compact(revision, permit);
    };
    const entry = await on.run({ term, journal: next, effects: { compact } });
    expect(entry).toMatchObject({ outcome: 'succeeded', epoch: 2n });
    expect([await isGone(target), await isGone(target + 1n)]).toEqual([true, false]);
  });

  test('whose answer is lost counts as made where the store says so', async () => {
    const target = await write(100);
    const started = await begin(target);
    const compact = async (revision: bigint, permit: Permit) => {
      await on.effects.compact(revision, permit);
      throw new Error('the connection broke');
    };
    expect(await on.run({ ...started, effects: { compact } })).toMatchObject({ outcome: 'succeeded' });
    expect(await isGone(target)).toBe(true);
  });

  test('stops for a pause between two of its steps', async () => {
    const target = await write(2500);
    const started = await begin(target);
    const compact = async (revision: bigint, permit: Permit) => {
      await on.effects.compact(revision, permit);
      await on.client().put(on.keys.pause, Buffer.from('{}'));
    };
    const entry = await on.run({ ...started, effects: { compact }, timing: { compactStepMs: 0 } });
    await on.client().deleteRange(on.keys.pause);
    expect(entry).toMatchObject({ outcome: 'stopped', code: 'PAUSED' });
    expect(await isGone(target)).toBe(false);
  });

  test('never takes the newest revision, nor what backups still need, nor what is no revision', async () => {
    const revision = await write(100);
    const ends: unknown[] = [];
    const attempt = async (target: bigint, parameters = {}) => {
      const entry = await on.run(await begin(target, parameters));
      ends.push([entry?.outcome, entry?.code]);
    };
    await attempt(revision + 1_000_000n);
    await attempt((await newest()) + 100n);
    await attempt(revision, { revision: '-1' });
    on.see((state) => ({ ...state, durableRevision: revision - 10n }));
    await attempt(revision);
    expect(ends).toEqual([
      ['stopped', 'COMPACTION_TOO_FAR'],
      ['stopped', 'COMPACTION_TOO_FAR'],
      ['failed', 'PARAMETER_WRONG'],
      ['stopped', 'COMPACTION_TOO_FAR'],
    ]);
    expect(await isGone(revision)).toBe(false);
    on.see((state) => state);
  });
});

test('how far a store is compacted is found whatever it seemed to be', async () => {
  const revisions = fc.bigInt({ min: 0n, max: 1n << 62n });
  await fc.assert(
    fc.asyncProperty(revisions, revisions, revisions, async (truth, guess, atMost) => {
      let reads = 0;
      const compactedBefore: Reads['compactedBefore'] = async (revision) => {
        reads += 1;
        return revision > 1n && revision <= truth;
      };
      const never = new AbortController().signal;
      const found = await compactedTo({ guess, atMost }, { compactedBefore } as Reads, never);
      let expected = atMost;
      if (truth < atMost) expected = truth;
      // A store that was never compacted is at 0 or 1: nothing is before either.
      expect(found > 1n ? found : 1n).toBe(expected > 1n ? expected : 1n);
      expect(reads).toBeLessThan(70);
    }),
  );
});
