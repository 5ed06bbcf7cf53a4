import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HistoryEntry } from '../../src/cluster/caretaking.ts';
import { takeOverSlot, takeSlot } from '../../src/journal/slot.ts';
import type { Term } from '../../src/journal/term.ts';
import type { Permit } from '../../src/operate/effects.ts';
import { SlotJournal } from '../../src/operate/slot-journal.ts';
import { aSlot } from '../journal/journal-on-etcd.ts';
import { type Operating, operating, termWith } from '../operate/operating.ts';

const LEASE_SECONDS = 60;

/** Two agents that both believe that they lead, each with a term that says so whenever it is asked. */
describe('of two agents that are forced to believe that they lead, the slot lets one through', () => {
  let on: Operating;
  let former: Term;
  let present: Term;

  beforeAll(async () => {
    on = await operating({ members: 3 });
  });
  afterAll(() => on[Symbol.asyncDispose]());

  /** A term as a won campaign leaves it; what takes the lease away does not take the belief. */
  const deluded = async (epoch: bigint, holder: string): Promise<{ term: Term; lease: bigint }> => {
    const { id } = await on.client().grantLease(LEASE_SECONDS);
    const value = Buffer.from(JSON.stringify({ format: 1, holder }));
    const put = { put: on.keys.leader, value, lease: id };
    const { succeeded, revision } = await on
      .client()
      .txn({ compare: [{ key: on.keys.leader, createRevision: 0n }], changes: [put] });
    expect(succeeded).toBe(true);
    return { term: termWith([{ key: on.keys.leader, createRevision: revision }], epoch, holder), lease: id };
  };

  const newSlot = (term: Term) =>
    aSlot({ operation: 'defrag', targets: on.ids, epoch: term.epoch, holder: term.holder });
  const journalOf = (index: number, term: Term, journaled: ConstructorParameters<typeof SlotJournal>[1]) =>
    new SlotJournal({ client: on.client(index), keys: on.keys, term, history: () => [] }, journaled);

  /** Runs the operation as one of them; gives how often it has changed the cluster. */
  const run = async (
    term: Term,
    journal: SlotJournal,
  ): Promise<{ readonly entry: HistoryEntry | undefined; readonly calls: number }> => {
    let calls = 0;
    const defragment = async (id: string, permit: Permit): Promise<void> => {
      calls += 1;
      await on.effects.defragment(id, permit);
    };
    const moveLeader = async (from: string, to: string, permit: Permit): Promise<void> => {
      calls += 1;
      await on.effects.moveLeader(from, to, permit);
    };
    const entry = await on.run({ term, journal, effects: { defragment, moveLeader } });
    expect(term.held).toBe(true);
    return { entry, calls };
  };

  test('where the lease of one was revoked: it can neither take the slot, nor go on in it, nor end it', async () => {
    const [one = '', two = ''] = on.ids;
    const first = await deluded(1n, one);
    former = first.term;
    const journaled = await takeSlot(on.client(0), on.keys, former, newSlot(former));
    await on.client(2).revokeLease(first.lease);
    present = (await deluded(2n, two)).term;
    const taken = await takeOverSlot(on.client(1), on.keys, present, journaled);

    const [lost, won] = await Promise.all([
      run(former, journalOf(0, former, journaled)),
      run(present, journalOf(1, present, taken)),
    ]);
    expect(lost).toEqual({ entry: undefined, calls: 0 });
    expect(won.calls).toBeGreaterThan(0);
    expect(won.entry).toMatchObject({ holder: two, epoch: 2n });
    await expect(takeSlot(on.client(0), on.keys, former, newSlot(former))).rejects.toMatchObject({ code: 'TERM_LOST' });
  });

  test('where both have the newest term by their own account: only one of them takes the slot', async () => {
    // The second one has the first one's guard: as if etcd had let both campaigns through.
    const twin = termWith(present.guard, present.epoch, on.ids[2] ?? '');
    const both = await Promise.allSettled(
      [present, twin].map((term, index) => takeSlot(on.client(index), on.keys, term, newSlot(term))),
    );
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'SLOT_TAKEN' } });

    const [journaled] = both.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    if (journaled === undefined) throw new Error('nobody has taken the slot');
    // And should both go on in it: every step of one is refused once the other has made one.
    const runs = await Promise.all([
      run(present, journalOf(0, present, journaled)),
      run(twin, journalOf(1, twin, journaled)),
    ]);
    expect(runs.map(({ calls }) => calls > 0).toSorted()).toEqual([false, true]);
    expect(runs.filter(({ entry }) => entry !== undefined)).toHaveLength(1);
  });
});
