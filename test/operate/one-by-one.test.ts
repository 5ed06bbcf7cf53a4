import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HistoryEntry } from '../../src/cluster/caretaking.ts';
import { etcdVersion } from '../real/binaries.ts';
import { type Begun, type Membership, membershipOf, stepsOf } from './membership.ts';
import { type Operating, operating } from './operating.ts';

const NEWER = etcdVersion('3.5');

describe('members are started again one after the other', { timeout: 60_000 }, () => {
  let on: Operating;
  let at: Membership;
  beforeAll(async () => {
    on = await operating({ members: 3 });
    at = membershipOf(on);
  }, 60_000);
  afterAll(() => on[Symbol.asyncDispose]());

  const begin = (): Promise<Begun> => at.begin('restart', {}, on.ids);
  const pids = (): readonly number[] => on.cluster.members.map(({ pid }) => pid);

  test('the raft leader last, after its leadership has moved to one that is done', async () => {
    const led = await on.leader();
    const before = pids();
    at.asked.length = 0;
    const entry = await at.run(await begin());
    expect(entry).toMatchObject({ outcome: 'succeeded', summary: '3 of 3 members were started again.' });
    expect(stepsOf(entry)).toEqual(['restart-member', 'move-leader', 'restart-member']);
    expect(at.asked).toHaveLength(3);
    expect(at.asked.at(-1)).toBe(`restart-member ${on.name(led)}`);
    expect(await on.leader()).not.toBe(led);
    for (const [index, pid] of pids().entries()) expect(pid).not.toBe(before[index]);
  });

  test.each<['restart-member' | 'move-leader', 'before' | 'after', number]>([
    ['restart-member', 'before', 1],
    ['restart-member', 'after', 1],
    ['restart-member', 'before', 2],
    ['move-leader', 'before', 1],
    ['move-leader', 'after', 1],
    ['restart-member', 'after', 3],
  ])('the next leader goes on when the first one dies: %s, %s, number %i', async (step, when, number) => {
    const before = pids();
    const begun = await begin();
    let seen = 0;
    const isPoint = (phase: string): boolean => {
      if (phase === step) seen += 1;
      return phase === step && seen === number;
    };
    const { reportOf } = begun.agents;
    const died = await at.run(begun, {
      onStep: ({ phase }) => {
        if (isPoint(phase) && when === 'before') begun.term.end();
      },
      agents: {
        reportOf: async (...args: Parameters<typeof reportOf>) => {
          const report = await reportOf(...args);
          if (step === 'restart-member' && when === 'after' && seen === number) begun.term.end();
          return report;
        },
      },
      effects: {
        moveLeader: async (...args) => {
          await on.effects.moveLeader(...args);
          if (step === 'move-leader' && when === 'after') begun.term.end();
        },
      },
    });
    expect(died).toBeUndefined();
    const entry = await at.run(await at.takeOver(begun));
    expect(entry).toMatchObject({ outcome: 'succeeded', summary: '3 of 3 members were started again.' });
    for (const [index, pid] of pids().entries()) expect(pid).not.toBe(before[index]);
  });

  test('nothing is touched while another member is not well', async () => {
    // Not the raft leader, without whom there would be another reason first.
    const led = on.name(await on.leader());
    const victim = at.member(led === 'm3' ? 'm2' : 'm3');
    await victim.kill();
    at.asked.length = 0;
    const entry = await at.run(await at.begin('restart', {}, on.ids.slice(0, 1)));
    expect(entry).toMatchObject({ outcome: 'stopped', code: 'MEMBER_DOWN' });
    expect(entry?.summary).toContain('0 of 1 members');
    expect(at.asked).toEqual([]);
    await victim.start();
  });

  test('what an agent says that keeps it from it ends the operation before the next member', async () => {
    const begun = await begin();
    const agents = {
      reportOf: async (asked: { operationId: string; step: number; memberId: string }) => ({
        ...asked,
        ...{ outcome: 'stopped' as const, code: 'PAUSED', summary: 'it is paused.', figures: {} },
      }),
    };
    const entry = await at.run(begun, { agents });
    expect(entry).toMatchObject({ outcome: 'stopped', code: 'PAUSED' });
    expect(stepsOf(entry)).toEqual(['restart-member']);
  });

  test('an agent that cannot do it, however often it is asked, ends it as well', async () => {
    const begun = await begin();
    const agents = {
      reportOf: async (asked: { operationId: string; step: number; memberId: string }) => ({
        ...asked,
        ...{ outcome: 'failed' as const, code: 'MEMBER_NOT_BACK', summary: 'it does not serve.', figures: {} },
      }),
    };
    const entry = await at.run(begun, { agents });
    expect(entry).toMatchObject({ outcome: 'failed', code: 'MEMBER_NOT_BACK' });
  });
});

describe('an upgrade', { timeout: 60_000 }, () => {
  let on: Operating;
  let at: Membership;
  beforeAll(async () => {
    on = await operating({ members: 3, version: '3.4' });
    at = membershipOf(on);
  }, 60_000);
  afterAll(() => on[Symbol.asyncDispose]());

  const parameters = async (more: object = {}) => ({
    to: NEWER,
    snapshot: false,
    compare: true,
    members: (await on.observe()).members.map(({ id }) => id),
    ...more,
  });
  const upgrade = async (
    more: object = {},
    run: Parameters<Membership['run']>[1] = {},
  ): Promise<HistoryEntry | undefined> => at.run(await at.begin('upgrade', await parameters(more), on.ids), run);

  test('touches nothing where one of the agents says that it cannot', async () => {
    const begun = await at.begin('upgrade', await parameters(), on.ids);
    const { reportOf } = begun.agents;
    at.asked.length = 0;
    const entry = await at.run(begun, {
      agents: {
        reportOf: async (...args: Parameters<typeof reportOf>) => {
          const report = await reportOf(...args);
          return args[0].memberId === on.ids[2]
            ? { ...report, outcome: 'stopped', code: 'VERSION_MISSING', summary: 'there is none here.' }
            : report;
        },
      },
    });
    expect(entry).toMatchObject({ outcome: 'stopped', code: 'VERSION_MISSING' });
    expect(at.asked.every((step) => step.startsWith('prepare-upgrade'))).toBe(true);
  });

  test('without a snapshot that a store has is not begun', async () => {
    const stores = [{ url: 'file:///x', fault: 'it is full' }];
    const backups = { takeSnapshot: async () => ({ revision: 1n, keys: 1, stores }) };
    const entry = await upgrade({ snapshot: true }, { backups });
    expect(entry).toMatchObject({ outcome: 'stopped', code: 'NO_BACKUP' });
    expect(stepsOf(entry)).toEqual(['prepare-upgrade', 'snapshot']);
  });

  test('stops after the first member where its data differ from the others', async () => {
    const hashKeyspace: Operating['effects']['hashKeyspace'] = async (memberId, revision, permit) => {
      const found = await on.effects.hashKeyspace(memberId, revision, permit);
      const { version } = await on.effects.status(memberId, permit.signal);
      return version === NEWER ? { ...found, hash: found.hash + 1 } : found;
    };
    const entry = await upgrade({}, { effects: { hashKeyspace } });
    expect(entry).toMatchObject({ outcome: 'stopped', code: 'MEMBER_DIFFERS' });
    expect(entry?.summary).toContain(`1 of 3 members run ${NEWER}`);
    expect(entry?.summary).toContain('goes back');
  });

  test('stops there too where its leader dies before it has looked at what came of the turn', async () => {
    const begun = await at.begin('upgrade', await parameters(), on.ids);
    const hashKeyspace: Operating['effects']['hashKeyspace'] = async (memberId, revision, permit) => {
      const found = await on.effects.hashKeyspace(memberId, revision, permit);
      const { version } = await on.effects.status(memberId, permit.signal);
      return version === NEWER ? { ...found, hash: found.hash + 1 } : found;
    };
    const dying: typeof hashKeyspace = async (...args) => {
      begun.term.end();
      return await hashKeyspace(...args);
    };
    expect(await at.run(begun, { effects: { hashKeyspace: dying } })).toBeUndefined();
    const entry = await at.run(await at.takeOver(begun), { effects: { hashKeyspace } });
    expect(entry).toMatchObject({ outcome: 'stopped', code: 'MEMBER_DIFFERS' });
    expect(entry?.summary).toContain(`1 of 3 members run ${NEWER}`);
  });

  test('goes on with those that are left, also when its leader dies in the middle of one', async () => {
    const begun = await at.begin('upgrade', await parameters(), on.ids);
    let switched = 0;
    const died = await at.run(begun, {
      onStep: ({ phase }) => {
        switched += Number(phase === 'switch-version');
        if (switched === 2) begun.term.end();
      },
    });
    expect(died).toBeUndefined();
    const entry = await at.run(await at.takeOver(begun));
    expect(entry?.summary).toBe(`3 of 3 members were brought to ${NEWER}: all voters run it.`);
    const versions = await Promise.all(on.ids.map((id) => on.effects.status(id, AbortSignal.timeout(5000))));
    expect(versions.map(({ version }) => version)).toEqual([NEWER, NEWER, NEWER]);
  });

  test('stops where somebody else has changed the member list', async () => {
    const entry = await upgrade({ members: on.ids.slice(1) });
    expect(entry).toMatchObject({ outcome: 'stopped', code: 'MEMBERS_CHANGED' });
  });
});
