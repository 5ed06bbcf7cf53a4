import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Acting } from '../../../src/agent/caretaker/acting.ts';
import { corruptRound } from '../../../src/agent/caretaker/corrupt-round.ts';
import type { HistoryEntry } from '../../../src/cluster/caretaking.ts';
import { CorruptSeen } from '../../../src/cluster/corrupt-seen.ts';
import { hashesOf } from '../../../src/decide/hash-evidence.ts';
import { JournalMirror } from '../../../src/journal/mirror.ts';
import type { Effects, Reads } from '../../../src/operate/effects.ts';
import { productionTiming } from '../../../src/operate/timing.ts';
import { settings } from '../../decide/states.ts';
import { type Operating, operating } from '../../operate/operating.ts';

const never = new AbortController().signal;

/** Etcd's numbers for `ACTIVATE` and `CORRUPT`. */
const [ACTIVATE, CORRUPT] = [1, 2];

/** What an agent has of its own, when it makes a round of CORRUPT. */
interface Agent extends AsyncDisposable {
  readonly acting: Acting;
  /** What it holds on record of the cluster, as every agent does also while it does not lead. */
  look(): Promise<void>;
}

describe.each(['3.4', '3.5'] as const)('CORRUPT on etcd %s', (version) => {
  let on: Operating;
  let agents: readonly Agent[] = [];

  beforeAll(async () => {
    on = await operating({ members: 3, version });
  });
  afterAll(async () => {
    for (const agent of agents) await agent[Symbol.asyncDispose]();
    await on[Symbol.asyncDispose]();
  });

  /** The hash of the last member is another one. */
  const differing = (): Effects & Reads => ({
    ...on.effects,
    hashKeyspace: async (memberId, revision, permit) => {
      const found = await on.effects.hashKeyspace(memberId, revision, permit);
      return memberId === on.ids[2] ? { ...found, hash: found.hash + 1 } : found;
    },
  });

  /** @param fromRevision what was found before this revision of the journal counts no more */
  async function agent(effects: Effects & Reads, fromRevision = 0n): Promise<Agent> {
    const mirror = new JournalMirror(on.client(), on.keys);
    mirror.start();
    await mirror.waitFor(({ connected }) => connected);
    const seen = new CorruptSeen();
    const ended: HistoryEntry[] = [];
    const history = (): readonly HistoryEntry[] =>
      [...ended, ...mirror.snapshot.history].filter(({ revision }) => revision >= fromRevision);
    const observe = async () => {
      const state = await on.observe();
      seen.look(state, state.revision);
      return { ...state, armed: { atMs: 0, epoch: 1n, members: on.ids }, history: history() };
    };
    const acting = {
      ...{ keys: on.keys, mirror, unwritten: [] },
      options: { client: on.client(), settings, pauseFile: join(on.cluster.folder, 'agent.pause') },
      parts: { effects, timing: { ...productionTiming, hashPauseMs: 10 } },
      source: {
        observe,
        get isCorruptOpen(): boolean {
          return seen.isOpen(history());
        },
      },
      ended: (entry: HistoryEntry) => ended.push(entry),
    } as unknown as Acting;
    return {
      acting,
      look: async () => void (await observe()),
      [Symbol.asyncDispose]: () => mirror.close(),
    };
  }

  async function raise(): Promise<void> {
    const { maintenance } = await on.client().etcd3();
    await maintenance.alarm({ action: ACTIVATE, memberID: '0', alarm: CORRUPT });
    await expect.poll(async () => (await on.client().alarms()).length, { timeout: 30_000 }).toBe(1);
  }

  const checks = async (of: Agent): Promise<readonly HistoryEntry[]> =>
    (await of.acting.mirror.waitFor(({ connected }) => connected)).history.filter(
      ({ operation }) => operation === 'hash-check',
    );

  test('where the leader dies between taking it back and writing down what it found, the next one finds it out again', async () => {
    const dying = differing();
    const first = await agent({
      ...dying,
      disarmCorrupt: async (memberId, permit) => {
        await dying.disarmCorrupt(memberId, permit);
        throw new Error('it dies');
      },
    });
    const next = await agent(differing());
    agents = [first, next];
    await raise();
    const write = on.client().put(Buffer.from('refused'), Buffer.from('x'));
    await expect(write).rejects.toMatchObject({ code: 'ETCD_CORRUPT' });
    await next.look();
    const term = await termOf(1n, 0);
    await expect(corruptRound(first.acting, term, never)).rejects.toThrow('it dies');
    expect(await on.client().alarms()).toEqual([]);
    expect(await checks(next)).toEqual([]);

    const later = await termOf(2n, 1);
    expect(next.acting.source.isCorruptOpen).toBe(true);
    await corruptRound(next.acting, later, never);
    await next.acting.mirror.waitFor(({ history }) => history.length > 0);
    const [entry, ...others] = await checks(next);
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ outcome: 'succeeded', reasons: [expect.stringContaining('CORRUPT was raised')] });
    // By this the member is replaced.
    expect([...hashesOf(await next.acting.source.observe(never)).minority]).toEqual([on.ids[2]]);
    expect(next.acting.source.isCorruptOpen).toBe(false);
    await corruptRound(next.acting, later, never);
    expect(await checks(next)).toHaveLength(1);
  });

  test('a comparison that could not be made is tried again soon, and not only after the pause of one that was', async () => {
    const effects = differing();
    let isFailing = true;
    const { revision } = await on.observe();
    const leader = await agent(
      {
        ...effects,
        hashKeyspace: async (memberId, at, permit) => {
          if (isFailing) throw new Error('it does not answer');
          return effects.hashKeyspace(memberId, at, permit);
        },
      },
      (revision ?? 0n) + 1n,
    );
    agents = [...agents, leader];
    await raise();
    const term = await termOf(3n, 0);
    await expect(corruptRound(leader.acting, term, never)).rejects.toThrow('it does not answer');
    isFailing = false;
    await expect
      .poll(
        async () => {
          await corruptRound(leader.acting, term, never);
          return on.client().alarms();
        },
        { timeout: 60_000, interval: 500 },
      )
      .toEqual([]);
  });

  /** A term of which nothing stands in the journal: while CORRUPT is raised nobody is elected. */
  async function termOf(epoch: bigint, index: number) {
    const lost = new AbortController();
    return { epoch, holder: on.ids[index] ?? '', held: true, lost: lost.signal, guard: [] };
  }
});
