import { describe, expect, test } from 'vitest';
import type { RecoverAgents } from '../../../src/agent/recover/ports.ts';
import { recoveryPaths } from '../../../src/agent/recover/ports.ts';
import { Recovery } from '../../../src/agent/recover/recovery.ts';
import { toWire } from '../../../src/agent/recover/wire.ts';
import type { DataDirState } from '../../../src/cluster/own-member.ts';
import type { AgreedPlan, PromiseView, RecoveryEvidence, RecoveryStep } from '../../../src/cluster/recovery.ts';

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

/** Three agents of which m2 alone has its disk; those that are silent do not answer. */
class Three implements RecoverAgents {
  readonly promises = new Map<string, PromiseView>();
  readonly silent = new Set<string>();

  evidence(name: string): RecoveryEvidence {
    const promise = this.promises.get(name);
    return {
      ...{ member: name, quorum: 'lost', list: LIST, sightings: [] },
      own: {
        ...{ kind: 'child', process: { state: 'stopped' }, bootstrapped: true, restarts: 0, quarantine: [] },
        dataDir: name === 'm2' ? INTACT : { state: 'empty' },
      },
      ...(promise === undefined ? {} : { promise }),
    };
  }

  async get({ name }: { readonly name: string }): Promise<unknown> {
    if (this.silent.has(name)) throw new Error('connection refused');
    return JSON.parse(toWire(this.evidence(name)));
  }

  async post({ name }: { readonly name: string }, path: string, body: unknown): Promise<unknown> {
    const { steps = {}, ...known } = this.promises.get(name) ?? {};
    if (path === recoveryPaths.prepare) {
      const plan = body as AgreedPlan;
      this.promises.set(name, { planId: plan.id, promisedAtMs: 0, plan, steps });
    } else if (path === recoveryPaths.step) {
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
      sightings: { lostForMs: () => lostForMs },
      expected: () => NAMES.map((one) => ({ name: one, agentUrl: `http://${one}`, peerUrls: [] })),
      stores: async () => ({}),
      pointIn: async () => ({ revision: 1n }),
      ...(autoAfterMs === undefined ? {} : { autoAfterMs }),
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

  test('only where every agent was heard', async () => {
    const agents = new Three();
    agents.silent.add('m3');
    await expectNothing(agents.recovery('m1', 10_000, 5000));
  });
});
