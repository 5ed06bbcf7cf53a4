import { expect, test } from 'vitest';
import { AgentError } from '../../src/cluster/agent-error.ts';
import type { Slot } from '../../src/cluster/caretaking.ts';
import type { ClaimRelease } from '../../src/cluster/pod-set.ts';
import type { ClusterState } from '../../src/cluster/state.ts';
import type { OperationContext } from '../../src/operate/operation.ts';
import type { PodSetPort } from '../../src/operate/pod-set-port.ts';
import { releaseOperation } from '../../src/operate/release.ts';
import type { PodSetParts } from '../../src/operate/steps/parts.ts';
import { type OperateTiming, productionTiming } from '../../src/operate/timing.ts';
import { broken, slot, state, supervised } from '../decide/states.ts';

const plan: ClaimRelease = {
  ...{ pod: 'm3', podUid: 'p3', claim: 'data-m3', claimUid: 'c3', volume: 'pv-3' },
  proof: 'no node is left on which the volume pv-3 can be used',
};
const dead = state([supervised(1), supervised(2), broken(3)]);

/** A port that finds this still there each time that it is asked, and at last nothing. */
function portOf(left: readonly ('claim' | 'pod')[], more: Partial<PodSetPort> = {}) {
  const waiting = [...left];
  const released: ClaimRelease[] = [];
  const refuse = async (): Promise<never> => {
    throw new Error('it is not for that');
  };
  const port: PodSetPort = {
    ...{ look: refuse, lowerPartition: refuse, holdBack: refuse, endPod: refuse },
    planRelease: async () => plan,
    release: async (given, { check }) => {
      check();
      released.push(given);
      return waiting.shift() ?? 'nothing';
    },
    ...more,
  };
  return { port, released };
}

/** A slot in memory: what is journaled stands in it. */
function contextOf(seen: ClusterState, progress: Slot['progress'] = {}): OperationContext {
  let now = slot('release', { targets: ['3'], parameters: { member: '3', pod: 'm3' }, progress });
  const { signal } = new AbortController();
  return {
    get slot() {
      return now;
    },
    signal,
    step: async ({ name, memberId, progress: more = {} }, effect) => {
      const step = { name, atMs: 0, ...(memberId === undefined ? {} : { memberId }) };
      now = { ...now, progress: { ...now.progress, ...more }, steps: [...now.steps, step] };
      return await effect({ signal, check: () => undefined });
    },
    note: async () => undefined,
    observe: async () => seen,
    log: () => undefined,
  };
}

const run = (context: OperationContext, pods?: PodSetPort, timing: Partial<OperateTiming> = {}) =>
  releaseOperation({
    timing: { ...productionTiming, pollMs: 1, ...timing },
    ...(pods === undefined ? {} : { pods }),
  } as unknown as PodSetParts).run(context);

test('the volume is let go of, and waited for until Kubernetes has taken away claim and pod', async () => {
  const { port, released } = portOf(['claim', 'pod']);
  const context = contextOf(dead);
  expect(await run(context, port)).toMatchObject({
    outcome: 'succeeded',
    summary: expect.stringContaining('its volume pv-3 is kept, in quarantine'),
  });
  expect(released).toEqual([plan, plan, plan]);
  expect(context.slot.progress['release']).toEqual(plan);
  expect(context.slot.steps.map(({ name }) => name)).toEqual(['release-claim']);
});

test('the next leader goes on with what the first one has planned, though nothing of it can be planned any more', async () => {
  const { port, released } = portOf(['pod'], { planRelease: async () => undefined });
  await run(contextOf(dead, { release: { ...plan } }), port);
  expect(released).toEqual([plan, plan]);
});

test.each<[string, ClusterState, Partial<PodSetPort>, string]>([
  ['whose member answers again', state([1, 2, 3].map((n) => supervised(n))), {}, 'MEMBER_BACK'],
  ['whose member is none any more', state([supervised(1), supervised(2)]), {}, 'TARGET_GONE'],
  ['that has no claim', dead, { planRelease: async () => undefined }, 'NOTHING_TO_RELEASE'],
])('nothing is let go of for a pod %s', async (_, seen, more, code) => {
  const { port, released } = portOf([], more);
  await expect(run(contextOf(seen), port)).rejects.toMatchObject({ code });
  expect(released).toEqual([]);
});

/** The first calls end so. */
function failingFirst<T>(codes: readonly string[], then: () => T): () => Promise<T> {
  const waiting = [...codes];
  return async () => {
    const code = waiting.shift();
    if (code !== undefined) throw new AgentError(code, 'a hiccup');
    return then();
  };
}

test('a hiccup of the API, and an object that was changed meanwhile, are looked at again', async () => {
  const hiccups = ['KUBE_AWAY', 'KUBE_CONFLICT', 'KUBE_AWAY'];
  const { port } = portOf([], {
    planRelease: failingFirst(hiccups, () => plan),
    release: failingFirst(hiccups, () => 'nothing' as const),
  });
  expect(await run(contextOf(dead), port)).toMatchObject({ outcome: 'succeeded' });
});

test('what does not pass ends it at once, and an API that stays away ends it in the end', async () => {
  const refused = portOf([], { release: failingFirst(['NODE_NOT_GONE'], () => 'nothing' as const) });
  await expect(run(contextOf(dead), refused.port)).rejects.toMatchObject({ code: 'NODE_NOT_GONE' });
  const away = async (): Promise<never> => {
    throw new AgentError('KUBE_AWAY', 'it stays away');
  };
  const unplanned = portOf([], { planRelease: away });
  await expect(run(contextOf(dead), unplanned.port, { settleWithinMs: 20 })).rejects.toMatchObject({
    code: 'KUBE_AWAY',
  });
});

test('an agent in no pod lets go of nothing', async () => {
  await expect(run(contextOf(dead))).rejects.toMatchObject({ code: 'NOT_IN_STATEFULSET' });
});
