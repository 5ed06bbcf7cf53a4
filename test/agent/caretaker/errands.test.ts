import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { askedAgents } from '../../../src/agent/caretaker/asked-agents.ts';
import { type ErrandResult, Errands } from '../../../src/agent/caretaker/errands.ts';
import type { Slot } from '../../../src/cluster/caretaking.ts';
import { EtcdError } from '../../../src/etcd/errors.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { type JournalKeys, journalKeys } from '../../../src/journal/keys.ts';
import { JournalMirror } from '../../../src/journal/mirror.ts';
import { dropReports } from '../../../src/journal/reports.ts';
import { advanceSlot, takeSlot } from '../../../src/journal/slot.ts';
import type { JournaledSlot } from '../../../src/journal/snapshot.ts';
import type { Registration } from '../../../src/lead/registration.ts';
import { OperationStopped } from '../../../src/operate/operation.ts';
import { aSlot, forcedTerm } from '../../journal/journal-on-etcd.ts';
import { type RealCluster, startCluster } from '../../real/cluster.ts';
import { patience } from './acting-agents.ts';

const never = new AbortController().signal;
const done: ErrandResult = { outcome: 'succeeded', summary: 'Done.', figures: { n: 1 } };

describe('an agent that a step of the slot asks for something', () => {
  let cluster: RealCluster;
  let client: MemberClient;
  let keys: JournalKeys;
  let mirror: JournalMirror;
  let round = 0;
  const open: AsyncDisposable[] = [];

  beforeAll(async () => {
    cluster = await startCluster();
    client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
  });
  afterEach(async () => {
    for (const each of open.splice(0).toReversed()) await each[Symbol.asyncDispose]();
  });
  afterAll(async () => {
    client.close();
    await cluster.close();
  });

  /** Another prefix for each test, in which an operation asks member `a` to `dig`. */
  async function asked(): Promise<JournaledSlot> {
    round += 1;
    keys = journalKeys(`/round-${round}/`);
    mirror = new JournalMirror(client, keys);
    open.push(mirror);
    mirror.start();
    const term = await forcedTerm(client, keys, { epoch: 1n, holder: 'z' });
    const slot: Slot = aSlot({ epoch: 1n, holder: 'z', operation: 'drill' });
    const taken = await takeSlot(client, keys, term, slot);
    const steps = [{ name: 'dig', memberId: 'a', atMs: 1 }];
    return await advanceSlot(client, keys, term, taken, { ...slot, phase: 'dig', steps });
  }

  function agent(
    dig: (slot: Slot, signal: AbortSignal) => Promise<ErrandResult>,
    { memberId = 'a', paused }: { readonly memberId?: string; readonly paused?: string } = {},
  ): { readonly faults: unknown[] } {
    const faults: unknown[] = [];
    open.push(
      new Errands({
        ...{ client, keys, mirror },
        registration: { record: { memberId }, current: undefined } as unknown as Registration,
        localPause: async () => paused,
        errands: { dig },
        onFault: (_, error) => faults.push(error),
      }),
    );
    return { faults };
  }

  const report = (slot: JournaledSlot, agentBackMs = 60_000, withinMs = 600_000) =>
    askedAgents(mirror, { agentBackMs }).reportOf(
      { operationId: slot.slot.id, step: slot.slot.steps.length, memberId: 'a', name: 'dig', withinMs },
      never,
    );

  it('does it once and reports, and the report can be taken away', async () => {
    const slot = await asked();
    const dig = vi.fn(async () => done);
    agent(dig);
    agent(async () => ({ ...done, summary: 'Not mine.' }), { memberId: 'b' });
    expect(await report(slot)).toMatchObject({ ...done, memberId: 'a', step: 1, operationId: slot.slot.id });
    expect(dig).toHaveBeenCalledTimes(1);
    await dropReports(client, keys, await forcedTerm(client, keys, { epoch: 2n, holder: 'z' }), [slot.slot.id]);
    await vi.waitFor(() => expect(mirror.snapshot.reports).toEqual([]), patience);
  });

  it('is not waited for without end: whoever waits stops and says for whom', async () => {
    const slot = await asked();
    agent((_: Slot, signal: AbortSignal) => {
      const { promise, reject } = Promise.withResolvers<ErrandResult>();
      signal.addEventListener('abort', () => reject(signal.reason));
      return promise;
    });
    const waited = report(slot, 60_000, 300);
    await expect(waited).rejects.toThrow(OperationStopped);
    await expect(waited).rejects.toMatchObject({
      code: 'AGENT_STUCK',
      message: expect.stringMatching(/beside a .*dig/),
    });
  });

  it('does it anew where it was started again before it had reported', async () => {
    const slot = await asked();
    const first = vi.fn((_: Slot, signal: AbortSignal) => {
      const { promise, reject } = Promise.withResolvers<ErrandResult>();
      signal.addEventListener('abort', () => reject(signal.reason));
      return promise;
    });
    agent(first);
    await vi.waitFor(() => expect(first).toHaveBeenCalled(), patience);
    await open.pop()?.[Symbol.asyncDispose]();
    expect(mirror.snapshot.reports).toEqual([]);
    agent(async () => done);
    expect((await report(slot)).outcome).toBe('succeeded');
  });

  it('ends it where the operation has ended meanwhile, and reports nothing', async () => {
    const slot = await asked();
    const ended = Promise.withResolvers<void>();
    const dig = vi.fn((_: Slot, signal: AbortSignal) => {
      const { promise, reject } = Promise.withResolvers<ErrandResult>();
      signal.addEventListener('abort', () => {
        reject(signal.reason);
        ended.resolve();
      });
      return promise;
    });
    const { faults } = agent(dig);
    await vi.waitFor(() => expect(dig).toHaveBeenCalled(), patience);
    await client.deleteRange(keys.slot);
    await ended.promise;
    expect((await client.range({ key: keys.report(slot.slot.id) })).kvs).toEqual([]);
    expect(faults).toEqual([]);
  });

  it('does not report on an operation that ended at that very moment', async () => {
    const slot = await asked();
    agent(async () => {
      await client.deleteRange(keys.slot);
      return done;
    });
    await vi.waitFor(() => expect(mirror.snapshot.slot).toBeUndefined(), patience);
    expect((await client.range({ key: keys.report(slot.slot.id) })).kvs).toEqual([]);
  });

  it('reports what went wrong, and that it is paused by its file', async () => {
    const slot = await asked();
    agent(async () => {
      throw Object.assign(new Error('the spade broke'), { code: 'SPADE' });
    });
    expect(await report(slot)).toMatchObject({ outcome: 'failed', summary: 'the spade broke' });
    const next = await asked();
    agent(async () => done, { paused: 'lunch' });
    expect(await report(next)).toMatchObject({ outcome: 'stopped', code: 'PAUSED' });
  });

  it('reports anew where etcd has refused its report, and nothing else changes', async () => {
    const slot = await asked();
    const refused = new EtcdError('ETCD_TOO_MANY_REQUESTS', 'etcdserver: too many requests', { member: 'm1' });
    const refusal = vi.spyOn(client, 'txn').mockRejectedValueOnce(refused);
    const { faults } = agent(async () => done);
    expect((await report(slot)).outcome).toBe('succeeded');
    expect(faults).toEqual([refused]);
    refusal.mockRestore();
  });

  it('is not waited for where no agent comes back', async () => {
    const slot = await asked();
    await expect(report(slot, 0)).rejects.toMatchObject({ code: 'AGENT_MISSING' });
  });
});
