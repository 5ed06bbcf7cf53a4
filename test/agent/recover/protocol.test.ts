import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { coordinate } from '../../../src/agent/recover/coordinator.ts';
import { RecoverParticipant } from '../../../src/agent/recover/participant.ts';
import { type RecoverAgents, recoveryPaths } from '../../../src/agent/recover/ports.ts';
import { PromiseFile } from '../../../src/agent/recover/promise-file.ts';
import { Recovery } from '../../../src/agent/recover/recovery.ts';
import { planFrom, toWire } from '../../../src/agent/recover/wire.ts';
import { AgentError } from '../../../src/cluster/agent-error.ts';
import type { OwnMemberView } from '../../../src/cluster/own-member.ts';
import { type AgreedPlan, recoverySteps } from '../../../src/cluster/recovery.ts';
import { silentEvents } from './silent-events.ts';

const never = new AbortController().signal;
const NAMES = ['m1', 'm2', 'm3'];

function planOf(id: string, seed = 'm2', heard = NAMES): AgreedPlan {
  return {
    ...{ kind: 'seed-from-member', id, atMs: 0, seed, lost: [] },
    heard: heard.map((name) => ({ name, agentUrl: `agent://${name}`, peerUrl: `peer://${name}` })),
    bound: { revisions: 7n, seconds: 1, basis: 'as seen' },
  };
}

function intactTo(lastIndex: bigint, memberId: string): OwnMemberView['dataDir'] {
  return { state: 'intact', clusterId: 'c', memberId, raftTerm: 2n, commitIndex: 1n, lastIndex, lastTerm: 2n };
}

/** One machine: what lies on its disk stays, its agent may be started again. */
class Machine {
  readonly name: string;
  readonly folder: string;
  data: 'old' | 'seeded' | 'none' = 'old';
  etcd: 'runs' | 'stopped' = 'runs';
  quorum: 'holds' | 'lost' = 'lost';
  held = false;
  /** Sentences of what was done, in order. */
  readonly done: string[] = [];
  seedFault: Error | undefined;
  /** Of the last entry of its log; undefined where it has no data. */
  lastIndex: bigint | undefined;
  agent: RecoverParticipant | undefined;

  constructor(name: string, folder: string) {
    this.name = name;
    this.folder = folder;
  }

  async startAgent(agents: RecoverAgents): Promise<void> {
    this.held = false;
    this.agent = new RecoverParticipant({
      name: this.name,
      promises: await PromiseFile.open(join(this.folder, this.name)),
      agents,
      evidence: () => ({
        member: this.name,
        instance: `of ${this.name}`,
        quorum: this.quorum,
        own: this.own(),
        sightings: [],
      }),
      log: () => undefined,
      member: {
        hold: () => {
          this.held = true;
        },
        release: () => {
          this.held = false;
          if (this.data !== 'none') this.etcd = 'runs';
        },
        look: async () => this.own(),
        stop: async () => {
          this.etcd = 'stopped';
        },
        start: async () => {
          this.etcd = 'runs';
        },
        putAside: async () => {
          this.data = 'none';
          this.done.push('put aside');
          return 1;
        },
        serves: async () => undefined,
      },
      work: {
        keep: async () => 'kept',
        seed: async () => {
          if (this.seedFault !== undefined) throw this.seedFault;
          this.data = 'seeded';
          this.done.push('seeded');
          return { revision: 9n, detail: 'seeded at revision 9' };
        },
      },
    });
  }

  own(): OwnMemberView {
    return {
      kind: 'child',
      process: this.etcd === 'runs' ? { state: 'running', adopted: false } : { state: 'stopped' },
      dataDir: this.lastIndex === undefined ? { state: 'empty' } : intactTo(this.lastIndex, this.name),
      bootstrapped: true,
      restarts: 0,
      quarantine: [],
    };
  }
}

describe('agents recover a cluster together', () => {
  let folder: string;
  let machines: readonly Machine[];
  let calls: number;
  /** Called before each call, and after it: throws where the caller dies. */
  let atCall: (call: number, when: 'before' | 'after') => void;
  const listening = new Set<string>();

  const machine = (name: string): Machine => {
    const found = machines.find((one) => one.name === name);
    if (found?.agent === undefined) throw new Error(`no agent at ${name}`);
    return found;
  };
  const agents: RecoverAgents = {
    get: async ({ name }) => JSON.parse(toWire(machine(name).agent?.evidence())),
    post: async ({ name }, path, body) => {
      calls += 1;
      const call = calls;
      atCall(call, 'before');
      const agent = machine(name).agent;
      const json = JSON.parse(toWire(body));
      const reply =
        path === recoveryPaths.prepare
          ? await agent?.prepare(planFrom(json))
          : path === recoveryPaths.step
            ? await agent?.step(json.planId, json.step)
            : await agent?.abandon(json.planId);
      atCall(call, 'after');
      return reply;
    },
    listens: async (url) => listening.has(url),
  };
  const run = (plan: AgreedPlan): Promise<void> => coordinate(plan, { agents, pollMs: 1, silenceMs: 50 }, never);
  const seedings = (): number => machines.flatMap(({ done }) => done).filter((what) => what === 'seeded').length;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-recover-'));
    calls = 0;
    atCall = () => undefined;
    listening.clear();
    machines = NAMES.map((name) => new Machine(name, folder));
    for (const each of machines) await each.startAgent(agents);
  });
  afterEach(async () => {
    for (const each of machines) await each.agent?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const expectRecovered = (): void => {
    expect(machines.map(({ data }) => data)).toEqual(['none', 'seeded', 'none']);
    expect(machines.map(({ held }) => held)).toEqual([false, false, false]);
    expect(machine('m2').etcd).toBe('runs');
    expect(seedings()).toBe(1);
  };

  test('one is seeded, and the others stand down', async () => {
    await run(planOf('plan-0001'));
    expectRecovered();
    // Once it has ended, another one may come.
    await machine('m1').agent?.prepare(planOf('plan-0002', 'm1'));
  });

  test('whoever dies at any call, another one goes on, and nobody is seeded twice', async () => {
    await run(planOf('plan-0001'));
    const needed = calls;
    expect(needed).toBeGreaterThan(9);
    for (let dies = 1; dies <= needed; dies += 1) {
      for (const when of ['before', 'after'] as const) {
        const id = `plan-${dies}-${when}`;
        for (const each of machines) {
          Object.assign(each, { data: 'old', etcd: 'runs' });
          each.done.length = 0;
        }
        calls = 0;
        const dead = new AbortController();
        atCall = (call, now) => {
          if (call < dies || (call === dies && now !== when)) return;
          dead.abort(new Error('the agent that led has died'));
          throw dead.signal.reason;
        };
        await coordinate(planOf(id), { agents, pollMs: 1 }, dead.signal).catch(() => undefined);
        atCall = () => undefined;
        // All agents are started again as well, and know what they have promised.
        for (const each of machines) {
          await each.agent?.[Symbol.asyncDispose]();
          await each.startAgent(agents);
        }
        await run(planOf(id));
        expectRecovered();
      }
    }
  });

  test('an agent that is being started again when it is asked, is asked again: nothing has failed', async () => {
    await run(planOf('plan-0001'));
    const needed = calls;
    for (let away = 1; away <= needed; away += 1) {
      for (const each of machines) {
        Object.assign(each, { data: 'old', etcd: 'runs' });
        each.done.length = 0;
      }
      calls = 0;
      atCall = (call, when) => {
        if (call >= away && call < away + 3 && when === 'before')
          throw new AgentError('PEER_AGENT_UNREACHABLE', 'gone');
      };
      await coordinate(planOf(`plan-away-${away}`), { agents, pollMs: 1 }, never);
      expectRecovered();
    }
  });

  test('an agent that has forgotten its promise in the middle of a step ends the recovery', async () => {
    let asked = 0;
    const forgetful: RecoverAgents = {
      ...agents,
      post: async (to, path, body, signal) => {
        const reply = await agents.post(to, path, body, signal);
        if (to.name !== 'm3' || path !== recoveryPaths.step) return reply;
        asked += 1;
        if (asked !== 2) return reply;
        await machine('m3').agent?.[Symbol.asyncDispose]();
        await rm(join(folder, 'm3'), { recursive: true });
        await machine('m3').startAgent(agents);
        return reply;
      },
    };
    await expect(coordinate(planOf('plan-0001'), { agents: forgetful, pollMs: 1 }, never)).rejects.toMatchObject({
      code: 'RECOVERY_NOT_PROMISED',
    });
    expect(seedings()).toBe(0);
  });

  test('of two plans at once one is carried out', async () => {
    const results = await Promise.allSettled([run(planOf('plan-000a', 'm2')), run(planOf('plan-000b', 'm3'))]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(seedings()).toBe(1);
  });

  test('where one agent sees a quorum nothing is done, and the others are free again', async () => {
    machine('m3').quorum = 'holds';
    await expect(run(planOf('plan-0001'))).rejects.toMatchObject({ code: 'RECOVERY_QUORUM' });
    expect(machines.map(({ agent }) => agent?.evidence().promise)).toEqual([undefined, undefined, undefined]);
    expect(machines.map(({ etcd, data }) => [etcd, data])).toEqual(NAMES.map(() => ['runs', 'old']));
  });

  test('once the new cluster is there, nobody goes back to the old one: whatever fails, and whoever comes back', async () => {
    const plan = {
      ...planOf('plan-0001', 'm1', ['m1', 'm2']),
      lost: [{ name: 'm3', urls: ['http://m3:2380'] }],
    };
    const dead = new AbortController();
    // Whoever leads dies when the seed serves, before the other one has stood down; then the lost member is switched on.
    atCall = (_call, when) => {
      if (machine('m1').agent?.evidence().promise?.endedAtMs === undefined || when === 'after') return;
      dead.abort(new Error('the agent that led has died'));
      throw dead.signal.reason;
    };
    await coordinate(plan, { agents, pollMs: 1 }, dead.signal).catch(() => undefined);
    expect(machine('m2').data).toBe('old');
    listening.add('http://m3:2380');
    // The first that goes on does not get far.
    calls = 0;
    atCall = (call, when) => {
      if (call === 2 && when === 'before') throw new Error('the link was cut for a moment');
    };
    await expect(run(plan)).rejects.toThrow('the link was cut for a moment');
    expect([machine('m2').etcd, machine('m2').held]).toEqual(['stopped', true]);
    await run(plan);
    expect(machines.map(({ data }) => data)).toEqual(['seeded', 'none', 'old']);
    expect(seedings()).toBe(1);
  });

  test('where the seed does not answer, the others keep their promise: it may have seeded', async () => {
    const plan = planOf('plan-0001');
    for (const each of machines) await each.agent?.prepare(plan);
    const seed = machine('m2');
    const { agent } = seed;
    seed.agent = undefined;
    await expect(run(plan)).rejects.toThrow('no agent at m2');
    seed.agent = agent;
    expect(machines.map((each) => each.agent?.evidence().promise?.planId)).toEqual(NAMES.map(() => plan.id));
    await run(plan);
    expectRecovered();
  });

  test('of two that lead one plan, one gives it back while the other goes on: nothing is seeded beside members with their old data', async () => {
    const plan = planOf('plan-0001');
    for (const each of machines) await each.agent?.prepare(plan);
    for (const name of ['m1', 'm3'])
      for (const step of ['stop', 'keep'] as const) {
        await machine(name).agent?.step(plan.id, step);
        await expect.poll(() => machine(name).agent?.evidence().promise?.steps[step]?.state).toBe('done');
      }
    // The first has failed: the seed has given back its promise, and the requests to the others are on their way.
    await machine('m2').agent?.abandon(plan.id);
    for (const isAgain of [false, true]) {
      for (const each of isAgain ? machines : []) {
        await each.agent?.[Symbol.asyncDispose]();
        await each.startAgent(agents);
      }
      await expect(run(plan)).rejects.toMatchObject({ code: 'RECOVERY_GIVEN_BACK' });
    }
    for (const name of ['m1', 'm3']) await machine(name).agent?.abandon(plan.id);
    expect(machines.map(({ etcd, data, held }) => [etcd, data, held])).toEqual(NAMES.map(() => ['runs', 'old', false]));
    await run(planOf('plan-0002'));
    expectRecovered();
  });

  test('a plan is given back also by an agent that has not promised it yet, and one under way stays', async () => {
    const { agent } = machine('m1');
    await agent?.prepare(planOf('plan-0001'));
    await agent?.abandon('plan-0002');
    expect(agent?.evidence().promise?.planId).toBe('plan-0001');
    await agent?.abandon('plan-0001');
    await expect(agent?.prepare(planOf('plan-0002'))).rejects.toMatchObject({ code: 'RECOVERY_GIVEN_BACK' });
    await agent?.prepare(planOf('plan-0003'));
  });

  test('an agent that comes back when all others have done their part goes on by itself', async () => {
    const plan = planOf('plan-0001');
    const late = machine('m3');
    const { agent } = late;
    atCall = (_call, when) => {
      if (when === 'before' && machine('m2').agent?.evidence().promise?.endedAtMs !== undefined) late.agent = undefined;
    };
    await expect(run(plan)).rejects.toThrow();
    atCall = () => undefined;
    late.agent = agent;
    expect(machines.map(({ data }) => data)).toEqual(['none', 'seeded', 'old']);
    if (agent === undefined) throw new Error('no agent');
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      await using recovery = new Recovery({
        ...{
          name: 'm3',
          participant: agent,
          agents,
          sightings: { lostForMs: () => 0, lostAtMs: undefined },
          log: () => undefined,
        },
        expected: () => NAMES.map((name) => ({ name, agentUrl: `agent://${name}`, peerUrls: [] })),
        unattended: { mode: 'manual', afterMs: 1 },
        events: silentEvents,
        stores: async () => ({}),
        pointIn: async () => ({ revision: 1n }),
      });
      recovery.tick();
      vi.advanceTimersByTime(61_000);
      recovery.tick();
      await expect.poll(() => recovery.evidence().run?.outcome).toBe('succeeded');
    } finally {
      vi.useRealTimers();
    }
    expectRecovered();
  });

  test('where seeding fails etcd is started again as it was', async () => {
    machine('m2').seedFault = new AgentError('SEED_NO_ROOM', 'the disk is full');
    await expect(run(planOf('plan-0001'))).rejects.toMatchObject({ code: 'RECOVERY_STEP_FAILED' });
    expect(machines.map(({ etcd, data, held }) => [etcd, data, held])).toEqual(NAMES.map(() => ['runs', 'old', false]));
    machine('m2').seedFault = undefined;
    await run(planOf('plan-0002'));
    expectRecovered();
  });

  test('a step that fails with a long story is told as failed: the agents still read each other', async () => {
    machine('m2').seedFault = new AgentError('SCRATCH_FAILED', 'x'.repeat(100_000));
    await expect(run(planOf('plan-0001'))).rejects.toMatchObject({ code: 'RECOVERY_STEP_FAILED' });
  });

  test('a member that was called lost and listens stops everything', async () => {
    const plan = { ...planOf('plan-0001', 'm2', ['m1', 'm2']), lost: [{ name: 'm3', urls: ['http://m3:2380'] }] };
    listening.add('http://m3:2380');
    await expect(run(plan)).rejects.toMatchObject({ code: 'RECOVERY_LOST_ANSWERS' });
    expect(machine('m1').agent?.evidence().promise).toBeUndefined();
  });

  test('the seed does not believe that the others have stopped', async () => {
    const plan = planOf('plan-0001');
    await machine('m2').agent?.prepare(plan);
    for (const step of ['stop', 'keep', 'seed'] as const) {
      await machine('m2').agent?.step(plan.id, step);
      await expect.poll(() => machine('m2').agent?.evidence().promise?.steps[step]?.state).not.toBe('running');
    }
    expect(machine('m2').agent?.evidence().promise?.steps.seed).toMatchObject({ code: 'RECOVERY_NOT_UNANIMOUS' });
    expect(seedings()).toBe(0);
  });

  test('the seed does not begin where another one that has stopped by now has a newer log', async () => {
    machine('m2').lastIndex = 100n;
    machine('m3').lastIndex = 101n;
    const failure = { code: 'RECOVERY_STEP_FAILED', message: expect.stringContaining('RECOVERY_SEED_BEHIND') };
    await expect(run(planOf('plan-0001'))).rejects.toMatchObject(failure);
    expect(machines.map(({ etcd, data, held }) => [etcd, data, held])).toEqual(NAMES.map(() => ['runs', 'old', false]));
    machine('m3').lastIndex = 100n;
    await run(planOf('plan-0002'));
    expectRecovered();
  });

  test('an agent promises no plan that was made with a copy of it', async () => {
    const plan = planOf('plan-0001');
    const heard = plan.heard.map((one) => (one.name === 'm3' ? { ...one, instance: 'of a copy' } : one));
    await expect(run({ ...plan, heard })).rejects.toMatchObject({ code: 'RECOVERY_CLONED' });
    expect(machines.map(({ agent }) => agent?.evidence().promise)).toEqual([undefined, undefined, undefined]);
  });

  test('steps are made in their order, of a plan that was promised, and by those that they are for', async () => {
    const agent = machine('m1').agent;
    await expect(agent?.step('plan-0001', 'stop')).rejects.toMatchObject({ code: 'RECOVERY_NOT_PROMISED' });
    await agent?.prepare(planOf('plan-0001'));
    for (const step of recoverySteps.slice(1)) {
      await expect(agent?.step('plan-0001', step)).rejects.toMatchObject({ code: 'RECOVERY_ORDER' });
    }
    await expect(agent?.prepare(planOf('plan-0002'))).rejects.toMatchObject({ code: 'RECOVERY_PROMISED' });
    await expect(agent?.prepare(planOf('plan-0003', 'm2', ['m2', 'm3']))).rejects.toMatchObject({
      code: 'RECOVERY_PLAN_WRONG',
    });
  });
});
