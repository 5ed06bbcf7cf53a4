import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AgentError } from '../../src/cluster/agent-error.ts';
import type { HistoryEntry } from '../../src/cluster/caretaking.ts';
import { compact } from '../../src/etcd/maintenance-calls.ts';
import { parseHistory } from '../../src/journal/records/history.ts';
import { parseSlot } from '../../src/journal/records/slot.ts';
import type { Permit } from '../../src/operate/effects.ts';
import { type Operation, OperationStopped } from '../../src/operate/operation.ts';
import { type RunOptions, runOperation } from '../../src/operate/runner.ts';
import { type Operating, operating } from './operating.ts';

describe('an operation that is carried out', () => {
  let on: Operating;
  beforeAll(async () => {
    on = await operating();
  });
  afterAll(() => on[Symbol.asyncDispose]());

  const stored = async (key: Buffer): Promise<Buffer | undefined> => (await on.client().range({ key })).kvs[0]?.value;
  const begun = async () => {
    await on.client().txn({ compare: [], changes: [{ delete: on.keys.slot }, { delete: on.keys.pause }] });
    const term = await on.term({ epoch: 7n });
    const journal = await on.slot(term, { operation: 'defrag', epoch: 7n, requestedBy: 'ann', reasons: ['full'] });
    return { term, journal };
  };
  const carryOut = (
    started: Awaited<ReturnType<typeof begun>>,
    run: Operation['run'],
    more: Partial<RunOptions> = {},
  ): Promise<HistoryEntry | undefined> =>
    runOperation(
      {
        ...{ ...started, operation: { name: 'defrag', version: 1, run }, observe: on.observe },
        ...{ localPause: async () => undefined, log: () => undefined, ...more },
      },
      new AbortController().signal,
    );

  test('leaves its steps, its figures and how it ended in the history, and frees the slot', async () => {
    const started = await begun();
    const seen: unknown[] = [];
    const entry = await carryOut(started, async ({ step, note, slot }) => {
      const id = await step({ name: 'one', memberId: 'a', detail: 'first', progress: { at: 1 } }, async () => {
        seen.push(parsed(await stored(on.keys.slot)));
        return slot.id;
      });
      await note({ done: [id] });
      await step({ name: 'two' }, async () => seen.push(parsed(await stored(on.keys.slot))));
      return { outcome: 'succeeded', summary: 'All is well.', figures: { n: 2 } };
    });
    const { id } = started.journal.slot;
    // Each step was in the journal before it was made.
    expect(seen).toMatchObject([
      { phase: 'one', progress: { at: 1 }, steps: [{ name: 'one', memberId: 'a', detail: 'first' }] },
      { phase: 'two', progress: { at: 1, done: [id] }, steps: [{ name: 'one' }, { name: 'two' }] },
    ]);
    expect(entry).toMatchObject({
      ...{ id, operation: 'defrag', outcome: 'succeeded', epoch: 7n, summary: 'All is well.', figures: { n: 2 } },
      ...{ requestedBy: 'ann', reasons: ['full'], steps: [{ name: 'one' }, { name: 'two' }] },
    });
    expect(entry?.seconds).toBeGreaterThan(0);
    expect(await stored(on.keys.slot)).toBeUndefined();
    const kept = parseHistory((await stored(on.keys.history(entry?.revision ?? 0n))) ?? Buffer.alloc(0));
    expect(kept).toMatchObject({ kind: 'record', record: { ...entry } });
  });

  test.each([
    [new AgentError('MOVE_LEADER_FAILED', 'It did not move.'), 'failed', 'MOVE_LEADER_FAILED', 'It did not move.'],
    [new Error('a defect'), 'failed', 'INTERNAL', 'a defect'],
    [new OperationStopped('MEMBER_DOWN', 'm3 is down'), 'stopped', 'MEMBER_DOWN', 'It stopped because m3 is down.'],
  ])('says in the history why it ended early: %s', async (error, outcome, code, summary) => {
    const started = await begun();
    const entry = await carryOut(started, ({ step }) => step({ name: 'one' }, () => Promise.reject(error)));
    expect(entry).toMatchObject({ outcome, code, summary, steps: [{ name: 'one' }] });
    expect(await stored(on.keys.slot)).toBeUndefined();
  });

  test('leaves to whoever comes next what it has no spare steps left for: that is no failure', async () => {
    const started = await begun();
    const usedUp = new AgentError('SPARE_STEPS_USED_UP', 'All steps are used up.');
    const entry = await carryOut(started, ({ step }) => step({ name: 'one' }, () => Promise.reject(usedUp)));
    expect(entry).toBeUndefined();
    expect(await stored(on.keys.slot)).toBeDefined();
  });

  test.each(['the cluster', 'this agent'])('ends between two steps when somebody pauses %s', async (what) => {
    const started = await begun();
    const made: string[] = [];
    let local: string | undefined;
    const entry = await carryOut(
      started,
      async ({ step }) => {
        await step({ name: 'one' }, async () => {
          if (what === 'the cluster') await on.client().put(on.keys.pause, Buffer.from('{}'));
          else local = 'Paused here by ann';
          made.push('one');
        });
        await step({ name: 'two' }, async () => made.push('two'));
        return { outcome: 'succeeded', summary: '' };
      },
      { localPause: async () => local },
    );
    expect(entry).toMatchObject({ outcome: 'stopped', code: 'PAUSED', steps: [{ name: 'one' }] });
    expect(made).toEqual(['one']);
    expect(await stored(on.keys.slot)).toBeUndefined();
  });

  test('does not make a step whose term was lost after it was written down, and leaves the slot to the next leader', async () => {
    const started = await begun();
    const made: string[] = [];
    const entry = await carryOut(
      started,
      async ({ step }) => {
        await step({ name: 'one' }, async () => made.push('one'));
        return { outcome: 'succeeded', summary: '' };
      },
      // As after a SIGSTOP: the clock says so, no timer has run yet.
      { onStep: () => Object.assign(started.term, { held: false }) },
    );
    expect([entry, made]).toEqual([undefined, []]);
    expect(parsed(await stored(on.keys.slot))).toMatchObject({ phase: 'one', id: started.journal.slot.id });
  });

  test('does not make a call whose term is lost while the connection is being made', async () => {
    const started = await begun();
    const { revision } = (await on.client().status()).header;
    let permitOfStep: Permit | undefined;
    const entry = await carryOut(started, async ({ step }) => {
      await step({ name: 'one' }, (permit) => {
        permitOfStep = permit;
        const made = on.effects.compact(revision, permit);
        Object.assign(started.term, { held: false });
        return made;
      });
      return { outcome: 'succeeded', summary: '' };
    });
    expect(entry).toBeUndefined();
    expect(() => permitOfStep?.check()).toThrow(expect.objectContaining({ code: 'TERM_LOST' }));
    await expect(on.client().range({ key: on.keys.slot, revision: revision - 1n })).resolves.toBeDefined();
    await compact(on.client(), revision);
    await expect(on.effects.compactedBefore(revision, new AbortController().signal)).resolves.toBe(true);
    await expect(on.effects.compactedBefore(revision + 1n, new AbortController().signal)).resolves.toBe(false);
  });

  test('stops without a word where another leader has gone on with it', async () => {
    const started = await begun();
    const made: string[] = [];
    const entry = await carryOut(started, async ({ step }) => {
      await step({ name: 'one' }, async () => {
        made.push('one');
        const next = await on.term({ epoch: 8n });
        expect(next.held).toBe(true);
      });
      await step({ name: 'two' }, async () => made.push('two'));
      return { outcome: 'succeeded', summary: '' };
    });
    expect([entry, made]).toEqual([undefined, ['one']]);
    expect(parsed(await stored(on.keys.slot))).toMatchObject({ phase: 'one' });
  });

  test('is left to the next leader when the agent stops', async () => {
    const { term, journal } = await begun();
    const stopping = new AbortController();
    const run: Operation['run'] = async ({ step }) => {
      await step({ name: 'one' }, async () => stopping.abort());
      await step({ name: 'two' }, async () => undefined);
      return { outcome: 'succeeded', summary: '' };
    };
    const operation = { name: 'defrag' as const, version: 1, run };
    const parts = { observe: on.observe, localPause: async () => undefined, log: () => undefined };
    await expect(runOperation({ term, journal, operation, ...parts }, stopping.signal)).resolves.toBeUndefined();
    expect(parsed(await stored(on.keys.slot))).toMatchObject({ phase: 'one' });
  });
});

function parsed(value: Buffer | undefined): unknown {
  const slot = parseSlot(value ?? Buffer.alloc(0));
  return slot.kind === 'record' ? slot.record : slot;
}
