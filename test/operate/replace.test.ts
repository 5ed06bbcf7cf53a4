import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { faultOf } from '../../src/cluster/agent-error.ts';
import { startWriteLoad } from '../chaos/write-load.ts';
import { freePort } from '../real/ports.ts';
import { type Membership, membershipOf, permit, stepsOf } from './membership.ts';
import { type Operating, operating } from './operating.ts';
import { replaceResumed, type StepPoint } from './replace-faults.ts';

const all = [
  'prepare-join',
  'remove-member',
  'fence',
  'add-learner',
  'learner-listed',
  'start-joined',
  'promote',
  'verify',
];

describe.each(['3.4', '3.5'] as const)('replacing a member of a cluster of etcd %s', { timeout: 60_000 }, (version) => {
  let on: Operating;
  let at: Membership;
  beforeAll(async () => {
    on = await operating({ members: 3, version });
    at = membershipOf(on);
  }, 60_000);
  afterAll(() => on[Symbol.asyncDispose]());

  test('brings one whose data are gone back as another member while clients write, and loses no write', async () => {
    const load = startWriteLoad(on.cluster.endpoints.slice(0, 2));
    const parameters = await at.replacing('m3');
    await at.wipe('m3');
    at.asked.length = 0;
    const entry = await at.run(await at.begin('replace', parameters, [String(parameters['victim'])]));
    const missing = await load.close();
    expect(entry?.summary).toContain('was replaced by');
    expect(entry?.outcome).toBe('succeeded');
    expect(stepsOf(entry)).toEqual(all);
    expect(at.asked).toEqual(['prepare-join m3', 'fence m3', 'start-joined m3']);
    const after = await at.listed('m3');
    expect(after).toMatchObject({ isLearner: false, healthy: true });
    expect(after?.id).not.toBe(parameters['victim']);
    expect(load.acknowledged).toBeGreaterThan(0);
    expect(missing).toEqual([]);
  });

  test.each<[string, StepPoint]>([
    ['a learner is added, and its id is not written down', { step: 'add-learner', when: 'after' }],
    ['the agent is asked to start it', { step: 'start-joined', when: 'before' }],
    ['it has its vote', { step: 'promote', when: 'after' }],
  ])('is gone on with by the next leader when the first one dies as %s', async (_, point) => {
    const { died, problems } = await replaceResumed(on, at, 'm2', point);
    expect(died).toBe(true);
    expect(problems).toEqual([]);
  });
});

describe('what is not replaced, and what does not go in at once', { timeout: 60_000 }, () => {
  let on: Operating;
  let at: Membership;
  beforeAll(async () => {
    on = await operating({ members: 3, spares: 1 });
    at = membershipOf(on);
  }, 60_000);
  afterAll(() => on[Symbol.asyncDispose]());

  test('a member that answers again', async () => {
    const parameters = await at.replacing('m3');
    const entry = await at.run(await at.begin('replace', parameters, [String(parameters['victim'])]));
    expect(entry).toMatchObject({ outcome: 'stopped', code: 'MEMBER_BACK', steps: [] });
    expect((await at.listed('m3'))?.id).toBe(parameters['victim']);
  });

  test('a member beside a learner that somebody else has added', async () => {
    const learner = await added(on, 'http://127.0.0.1:1');
    const parameters = await at.replacing('m3', { evenIfWell: true });
    const entry = await at.run(await at.begin('replace', parameters, [String(parameters['victim'])]));
    expect(entry).toMatchObject({ outcome: 'stopped', code: 'FOREIGN_LEARNER', steps: [] });
    const { members } = await on.observe();
    expect(members).toHaveLength(4);
    expect(members.find(({ id }) => id === learner)?.isLearner).toBe(true);
    await on.effects.removeMember(learner, permit());
  });

  test('nor is anything changed where the agent that should bring a new one is not ready', async () => {
    const parameters = await at.replacing('m3', { evenIfWell: true });
    const agents = {
      reportOf: async (asked: { operationId: string; step: number; memberId: string }) => ({
        ...asked,
        ...{ outcome: 'stopped' as const, code: 'REPLACEMENT_UNFIT', summary: 'the disk is too small.', figures: {} },
      }),
    };
    const entry = await at.run(await at.begin('replace', parameters, [String(parameters['victim'])]), { agents });
    expect(entry).toMatchObject({ outcome: 'stopped', code: 'REPLACEMENT_UNFIT' });
    expect(stepsOf(entry)).toEqual(['prepare-join']);
    expect((await at.listed('m3'))?.id).toBe(parameters['victim']);
  });

  test('a snapshot that no store has stops it before anything is changed', async () => {
    const parameters = await at.replacing('m3', { evenIfWell: true, snapshot: true });
    const stores = [{ url: 'file:///x', fault: 'it is full' }];
    const backups = { takeSnapshot: async () => ({ revision: 1n, keys: 1, stores }) };
    const entry = await at.run(await at.begin('replace', parameters, [String(parameters['victim'])]), { backups });
    expect(entry).toMatchObject({ outcome: 'stopped', code: 'NO_BACKUP' });
    expect(stepsOf(entry)).toEqual(['snapshot']);
  });

  test('each answer that is lost is made good by the list', async () => {
    const parameters = await at.replacing('m3');
    await at.wipe('m3');
    const lost = <A extends unknown[]>(call: (...args: A) => Promise<unknown>) => {
      return async (...args: A): Promise<never> => {
        await call(...args);
        throw new Error('the connection broke');
      };
    };
    const effects = {
      removeMember: lost(on.effects.removeMember),
      addLearner: lost(on.effects.addLearner),
      promoteLearner: lost(on.effects.promoteLearner),
    };
    const entry = await at.run(await at.begin('replace', parameters, [String(parameters['victim'])]), { effects });
    expect(entry?.summary).toContain('was replaced by');
    expect(stepsOf(entry)).toEqual(all);
    expect((await on.observe()).members).toHaveLength(3);
  });

  test('what an agent could not do at once it is asked for again', async () => {
    const parameters = await at.replacing('m3');
    await at.wipe('m3');
    const begun = await at.begin('replace', parameters, [String(parameters['victim'])]);
    const { reportOf } = begun.agents;
    let failures = 0;
    const agents = {
      reportOf: async (...args: Parameters<typeof reportOf>) => {
        if (begun.journal.slot.phase !== 'fence' || failures === 2) return reportOf(...args);
        failures += 1;
        return {
          ...args[0],
          outcome: 'failed' as const,
          code: 'MEMBER_STILL_LISTED',
          summary: 'not yet.',
          figures: {},
        };
      },
    };
    const entry = await at.run(begun, { agents });
    expect(failures).toBe(2);
    expect(entry?.outcome).toBe('succeeded');
    expect(stepsOf(entry)).toEqual(all);
  });

  test('a learner that does not come on is taken off the list, and taken in later as a candidate', async () => {
    const parameters = await at.replacing('m3');
    await at.wipe('m3');
    const begun = await at.begin('replace', parameters, [String(parameters['victim'])]);
    const { reportOf } = begun.agents;
    const agents = {
      reportOf: async (...args: Parameters<typeof reportOf>) => {
        if (begun.journal.slot.phase !== 'start-joined') return reportOf(...args);
        // It is listed, and never starts.
        await sleep(10);
        return { ...args[0], outcome: 'succeeded' as const, summary: 'done', figures: {} };
      },
    };
    const entry = await at.run(begun, { agents, timing: { learnerStallMs: 500 } });
    expect(entry).toMatchObject({ outcome: 'stopped', code: 'LEARNER_STALLED' });
    expect((await on.observe()).members).toHaveLength(2);
    const joined = { name: 'm3', agentId: 'candidate:m3', peerUrls: [at.member('m3').peerUrl] };
    const later = await at.run(await at.begin('join', joined, ['candidate:m3']));
    expect(later?.summary).toContain('m3 is a voter as');
    expect(stepsOf(later)).toEqual(all.filter((step) => step !== 'remove-member'));
    expect((await on.observe()).voters).toBe(3);
  });

  test('a fourth member joins, and leaves again after the raft leadership has gone to another', async () => {
    const spare = at.member('m4');
    const joined = { name: 'm4', agentId: 'candidate:m4', peerUrls: [spare.peerUrl] };
    const entry = await at.run(await at.begin('join', joined, ['candidate:m4']));
    expect(entry?.outcome).toBe('succeeded');
    const listed = await at.listed('m4');
    const id = listed?.id ?? '';
    await on.effects.moveLeader(await on.leader(), id, permit());
    expect((await on.observe()).leaderId).toBe(id);
    at.asked.length = 0;
    const left = await at.run(await at.begin('leave', { member: id, name: 'm4', agentId: id }, [id]));
    expect(left?.summary).toContain('is no member any more, and its agent keeps it out');
    expect(stepsOf(left)).toEqual(['move-leader', 'remove-member', 'stop-member']);
    expect(at.asked).toEqual(['stop-member m4']);
    expect(await at.listed('m4')).toBeUndefined();
  });

  test('a spare machine with old data stands in: both agents are asked to put data aside, the one after the other', async () => {
    const spare = at.member('m4');
    const standIn = { name: 'm4', agentId: 'candidate:m4', peerUrls: [spare.peerUrl] };
    const parameters = await at.replacing('m3', standIn);
    await at.wipe('m3');
    at.asked.length = 0;
    const entry = await at.run(await at.begin('replace', parameters, [String(parameters['victim'])]));
    expect(at.asked).toEqual(['prepare-join m4', 'fence m3', 'fence m4', 'start-joined m4']);
    expect(entry?.summary).toContain('was replaced by');
    expect(await at.listed('m4')).toMatchObject({ isLearner: false, healthy: true });
  });

  test('the list follows a member that is reached elsewhere', async () => {
    const listed = await at.listed('m2');
    const peerUrls = (listed?.peerUrls ?? []).map((url) => url.replace('127.0.0.1', 'localhost'));
    const moved = { member: listed?.id ?? '', name: 'm2', agentId: listed?.id ?? '', peerUrls };
    const entry = await at.run(await at.begin('member-update', moved, [moved.member]));
    expect(entry).toMatchObject({ outcome: 'succeeded', steps: [{ name: 'update-peer-urls' }] });
    expect((await at.listed('m2'))?.peerUrls).toEqual(peerUrls);
    expect(stepsOf(await at.run(await at.begin('member-update', moved, [moved.member])))).toEqual([]);
    const silent = { ...moved, peerUrls: [`http://127.0.0.1:${await freePort()}`] };
    const refused = await at.run(await at.begin('member-update', silent, [moved.member]));
    expect(refused).toMatchObject({ outcome: 'stopped', code: 'PEER_URL_SILENT', steps: [] });
    expect((await at.listed('m2'))?.peerUrls).toEqual(peerUrls);
  });
});

/** Etcd takes none until its members have been connected for five seconds. */
async function added(on: Operating, peerUrl: string): Promise<string> {
  for (;;) {
    const id = await on.effects.addLearner([peerUrl], permit()).catch((error: unknown) => error);
    if (typeof id === 'string') return id;
    if (faultOf(id).code !== 'ETCD_UNHEALTHY_CLUSTER') throw id;
    await sleep(100);
  }
}
