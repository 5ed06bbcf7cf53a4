import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import type { RecoverAgents } from '../../../src/agent/recover/ports.ts';
import { recoveryPaths } from '../../../src/agent/recover/ports.ts';
import { Recovery } from '../../../src/agent/recover/recovery.ts';
import type { RecoveryEvents } from '../../../src/agent/recover/standing.ts';
import { toWire } from '../../../src/agent/recover/wire.ts';
import type { Reason } from '../../../src/cluster/caretaking.ts';
import type { DataDirState } from '../../../src/cluster/own-member.ts';
import type {
  AgreedPlan,
  PromiseView,
  RecoveryEvidence,
  RecoveryStep,
  UnattendedRecovery,
} from '../../../src/cluster/recovery.ts';

const NAMES = ['m1', 'm2', 'm3'];
const LIST = {
  clusterId: 'c1',
  atMs: 0,
  members: NAMES.map((name) => ({ id: `a${name}`, name, peerUrls: [`http://${name}:2380`], isLearner: false })),
};
const INTACT: DataDirState = {
  ...{ state: 'intact', clusterId: 'c1', memberId: 'am2' },
  ...{ raftTerm: 2n, commitIndex: 9n, lastIndex: 9n, lastTerm: 2n },
};

const codesOf = (reasons: readonly Reason[]): string => reasons.map(({ code }) => code).join(' ');

/** Three agents of which m2 alone has its disk; those that are silent do not answer. */
class Three implements RecoverAgents {
  readonly promises = new Map<string, PromiseView>();
  readonly silent = new Set<string>();
  /** Of each agent; absent: an older one, which does not tell. */
  readonly unattended = new Map<string, UnattendedRecovery>();
  /** Names of those that say that they lead the plan that they have promised. */
  readonly leading = new Set<string>();
  /** Names under which another agent than the one that asks itself answers. */
  readonly copied = new Set<string>();
  /** What others are told, in order. */
  readonly told: string[] = [];
  readonly events: RecoveryEvents = {
    onBegun: ({ seed }) => this.told.push(`begun with ${seed}`),
    onEnded: (_, __, fault) => this.told.push(fault === undefined ? 'succeeded' : fault.code),
    onHeld: (reasons, repeated) => this.told.push(`${repeated ? 'still ' : ''}held: ${codesOf(reasons)}`),
    onHeldNoMore: (reasons) => this.told.push(`no more: ${codesOf(reasons)}`),
    onChange: () => undefined,
  };
  /** The next step is refused. */
  fails = false;

  evidence(name: string): RecoveryEvidence {
    const promise = this.promises.get(name);
    const unattended = this.unattended.get(name);
    return {
      instance: `of ${name}`,
      ...(unattended === undefined ? {} : { unattended }),
      ...{ member: name, quorum: 'lost', list: LIST, sightings: [] },
      own: {
        ...{ kind: 'child', process: { state: 'stopped' }, bootstrapped: true, restarts: 0, quarantine: [] },
        dataDir: name === 'm2' ? INTACT : { state: 'empty' },
      },
      ...(promise === undefined ? {} : { promise }),
      ...(promise !== undefined && this.leading.has(name)
        ? { run: { planId: promise.planId, outcome: 'running' } }
        : {}),
    };
  }

  async get({ name }: { readonly name: string }): Promise<unknown> {
    if (this.silent.has(name)) throw new Error('connection refused');
    const instance = this.copied.has(name) ? 'of a copy' : `of ${name}`;
    return JSON.parse(toWire({ ...this.evidence(name), instance }));
  }

  async post({ name }: { readonly name: string }, path: string, body: unknown): Promise<unknown> {
    const { steps = {}, ...known } = this.promises.get(name) ?? {};
    if (path === recoveryPaths.prepare) {
      const plan = body as AgreedPlan;
      this.promises.set(name, { planId: plan.id, promisedAtMs: 0, plan, steps });
    } else if (path === recoveryPaths.step) {
      if (this.fails) {
        this.fails = false;
        throw new Error('the link was cut for a moment');
      }
      const { step } = body as { readonly step: RecoveryStep };
      this.promises.set(name, { ...(known as PromiseView), steps: { ...steps, [step]: { state: 'done' } } });
    }
    return {};
  }

  async listens(): Promise<boolean> {
    return false;
  }

  recovery(name: string, lostForMs: number, autoAfterMs?: number): Recovery {
    return new Recovery({
      ...{ name, agents: this, log: () => undefined },
      participant: {
        evidence: () => this.evidence(name),
        prepare: () => Promise.reject(new Error('not asked')),
        step: () => Promise.reject(new Error('not asked')),
        abandon: () => Promise.resolve(),
      },
      sightings: { lostForMs: () => lostForMs, lostAtMs: undefined },
      expected: () => NAMES.map((one) => ({ name: one, agentUrl: `http://${one}`, peerUrls: [] })),
      stores: async () => ({}),
      pointIn: async () => ({ revision: 1n }),
      unattended: autoAfterMs === undefined ? { mode: 'manual', afterMs: 1 } : { mode: 'auto', afterMs: autoAfterMs },
      events: this.events,
    });
  }
}

async function expectRecovered(recovery: Recovery): Promise<void> {
  recovery.tick();
  await expect.poll(() => recovery.evidence().run?.outcome, { timeout: 20_000 }).toBe('succeeded');
  await recovery[Symbol.asyncDispose]();
}

/** All that it would wait for here are promises: by then it had begun. */
async function expectNothing(recovery: Recovery): Promise<void> {
  recovery.tick();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await recovery[Symbol.asyncDispose]();
  expect(recovery.evidence().run).toBeUndefined();
}

/** What is in the way is to be seen. */
async function expectHeld(recovery: Recovery, codes: readonly string[]): Promise<void> {
  recovery.tick();
  await expect.poll(() => recovery.view().reasons.map(({ code }) => code)).toEqual(codes);
  expect(recovery.view().state).toBe('holding');
  await recovery[Symbol.asyncDispose]();
  expect(recovery.evidence().run).toBeUndefined();
}

test('before it is time an agent says until when it waits, and what will be in the way', async () => {
  const agents = new Three();
  agents.silent.add('m3');
  const recovery = agents.recovery('m1', 20_000, 60_000);
  recovery.tick();
  await expect.poll(() => codesOf(recovery.view().reasons)).toBe('NOT_LOST_FOR_LONG AGENT_NOT_HEARD');
  expect(recovery.view().state).toBe('waiting');
  await recovery[Symbol.asyncDispose]();
  expect(agents.told).toEqual([]);
  expect(agents.recovery('m1', 20_000).view()).toMatchObject({ state: 'manual' });
});

describe('without a person a cluster is recovered', () => {
  test('by the first agent by name, and by no other', async () => {
    const agents = new Three();
    await expectNothing(agents.recovery('m2', 10_000, 5000));
    await expectRecovered(agents.recovery('m1', 10_000, 5000));
    expect(agents.promises.get('m3')?.plan).toMatchObject({ kind: 'seed-from-member', seed: 'm2', clusterId: 'c1' });
  });

  test('not before its time, and not where it is not asked for', async () => {
    await expectNothing(new Three().recovery('m1', 4000, 5000));
    await expectNothing(new Three().recovery('m1', 10_000));
  });

  test('once it is promised, after 15 s in which it stood still, and again a minute after it failed', async () => {
    const agents = new Three();
    await expectRecovered(agents.recovery('m1', 10_000, 5000));
    agents.fails = true;
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      await using recovery = agents.recovery('m1', 0);
      recovery.tick();
      for (const [afterMs, outcome] of [
        [16_000, 'failed'],
        [61_000, 'succeeded'],
      ] as const) {
        vi.advanceTimersByTime(afterMs - 2000);
        recovery.tick();
        // Long enough for it to begin, if it did.
        await sleep(100);
        expect(recovery.evidence().run?.outcome).not.toBe(outcome);
        vi.advanceTimersByTime(2000);
        recovery.tick();
        await expect.poll(() => recovery.evidence().run?.outcome, { timeout: 20_000 }).toBe(outcome);
      }
    } finally {
      vi.useRealTimers();
    }
  });

  test('once it is promised, only after a minute in which it stood still, where another agent says that it leads it', async () => {
    const agents = new Three();
    await expectRecovered(agents.recovery('m1', 10_000, 5000));
    agents.leading.add('m3');
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      await using recovery = agents.recovery('m1', 0);
      recovery.tick();
      for (const afterMs of [16_000, 42_000]) {
        vi.advanceTimersByTime(afterMs);
        recovery.tick();
        await sleep(100);
        expect(recovery.evidence().run).toBeUndefined();
      }
      vi.advanceTimersByTime(3000);
      recovery.tick();
      await expect.poll(() => recovery.evidence().run?.outcome, { timeout: 20_000 }).toBe('succeeded');
    } finally {
      vi.useRealTimers();
    }
  });

  test('only where every agent was heard', async () => {
    const agents = new Three();
    agents.silent.add('m3');
    await expectHeld(agents.recovery('m1', 10_000, 5000), ['AGENT_NOT_HEARD']);
    expect(agents.told).toEqual(['held: AGENT_NOT_HEARD']);
  });

  test('not where one agent leaves it to a person, and all of them say so', async () => {
    const agents = new Three();
    agents.unattended.set('m3', { mode: 'manual', afterMs: 1 });
    agents.unattended.set('m1', { mode: 'auto', afterMs: 5000 });
    await expectHeld(agents.recovery('m1', 10_000, 5000), ['SETTINGS_DIFFER']);
    await expectHeld(agents.recovery('m2', 10_000, 5000), ['SETTINGS_DIFFER']);
    expect(agents.told).toEqual(['held: SETTINGS_DIFFER']);
  });

  test('when it is time for all of them', async () => {
    const agents = new Three();
    agents.unattended.set('m3', { mode: 'auto', afterMs: 11_000 });
    await expectNothing(agents.recovery('m1', 10_000, 5000));
    await expectRecovered(agents.recovery('m1', 12_000, 5000));
    expect(agents.told).toEqual(['begun with m2', 'succeeded']);
  });

  test('not where a copy of its machine answers to the others, which is also said while all is well', async () => {
    const agents = new Three();
    agents.copied.add('m1');
    await expectHeld(agents.recovery('m1', 10_000, 5000), ['AGENT_CLONED']);
    const well = agents.recovery('m1', 0);
    well.tick();
    await expect.poll(() => codesOf(well.view().doubts)).toBe('AGENT_CLONED');
    expect(well.view()).toMatchObject({ state: 'idle', reasons: [] });
    await well[Symbol.asyncDispose]();
  });
});
