import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AgentError } from '../../src/cluster/agent-error.ts';
import { own } from '../decide/states.ts';
import { etcdVersion } from '../real/binaries.ts';
import { type Begun, type Membership, membershipOf, permit, stepsOf } from './membership.ts';
import { type Operating, operating } from './operating.ts';
import { type PodsOnMembers, podsOnMembers } from './pods-on-members.ts';

const NEWER = etcdVersion('3.5');

describe('pods are brought to a newer template, with a newer etcd', { timeout: 90_000 }, () => {
  let on: Operating;
  let at: Membership;
  let pods: PodsOnMembers;
  beforeAll(async () => {
    on = await operating({ members: 3, version: '3.4' });
    at = membershipOf(on);
  }, 60_000);
  beforeEach(() => {
    pods = podsOnMembers(on.cluster.members);
  });
  afterEach(() => pods.settled());
  afterAll(() => on[Symbol.asyncDispose]());

  const begin = async (): Promise<Begun> =>
    at.begin(
      'rollout',
      {
        ...{ revision: 'new', partition: 3, to: NEWER, snapshot: false, compare: true, members: [...on.ids] },
        indexes: Object.fromEntries(on.ids.map((id, index) => [id, index])),
      },
      [...on.ids].reverse(),
    );
  const run = (begun: Begun, more: Parameters<Membership['run']>[1] = {}) =>
    at.run(begun, { pods: pods.port, ...more });
  const versions = async (): Promise<readonly string[]> =>
    Promise.all(on.ids.map(async (id) => (await on.effects.status(id, new AbortController().signal)).version));
  const made = (): readonly string[] => pods.calls.filter((call) => call.startsWith('made'));
  const leads = async (index: number): Promise<void> => {
    const [from, to = ''] = [await on.leader(), on.ids[index]];
    if (from !== to) await on.effects.moveLeader(from, to, permit());
  };

  test('an agent in no pod touches nothing', async () => {
    const entry = await at.run(await begin());
    expect(entry).toMatchObject({ outcome: 'stopped', code: 'NOT_IN_STATEFULSET' });
    expect(stepsOf(entry)).toEqual([]);
  });

  test('a template that is changed once more ends it, and Kubernetes is held back', async () => {
    const begun = await begin();
    pods.changeTemplate();
    const entry = await run(begun);
    expect(entry).toMatchObject({ outcome: 'stopped', code: 'TEMPLATE_CHANGED' });
    expect(made()).toEqual([]);
    expect(pods.calls.at(-1)).toBe('partition 3');
  });

  test('a pod that does not serve is given back the template before, and no other one is touched', async () => {
    await leads(0);
    pods.broken = true;
    const before = await versions();
    const entry = await run(await begin(), { timing: { podServesWithinMs: 6000 } });
    expect(entry).toMatchObject({ outcome: 'stopped', code: 'POD_NOT_SERVING' });
    expect(entry?.summary).toMatch(
      /^0 of 3 pods .*m3 does not serve.*given back the template before, and serves again/,
    );
    expect(pods.calls.filter((call, index, all) => call !== all[index - 1])).toEqual([
      ...['partition 2', 'made m3 new', 'partition 3', 'ended m3', 'made m3 old', 'partition 3'],
    ]);
    expect(pods.view().partitionAtRest).toBeUndefined();
    expect(await versions()).toEqual(before);
  });

  test('a pod whose etcd does not take its flags is given back at once', async () => {
    await leads(0);
    pods.broken = true;
    const evidence = 'flag provided but not defined: -log-output';
    const end = { how: 'exit code 2', cause: 'bad-flag', evidence, atMs: Date.now() } as const;
    on.see((state) => ({
      ...state,
      members: state.members.map((member) =>
        member.id === on.ids[2] && !member.reachable
          ? { ...member, observed: { ageSeconds: 0, own: own(3, { process: { state: 'stopped', end } }) } }
          : member,
      ),
    }));
    const entry = await run(await begin(), { timing: { podServesWithinMs: 80_000 } });
    on.see((state) => state);
    expect(entry).toMatchObject({ outcome: 'stopped', code: 'POD_NOT_SERVING' });
    expect(entry?.summary).toMatch(/not take its flags: flag provided but not defined: -log-output.*serves again/);
  });

  test('the highest ordinal first, though it leads, by leaders that die and an API server that is away now and then', async () => {
    await leads(2);
    const begun = await begin();
    const { lowerPartition, look } = pods.port;
    const died = await run(begun, {
      pods: {
        ...pods.port,
        lowerPartition: async (...args: Parameters<typeof lowerPartition>) => {
          await lowerPartition(...args);
          begun.term.end();
        },
      },
    });
    expect(died).toBeUndefined();
    let away = 0;
    const entry = await run(await at.takeOver(begun), {
      pods: {
        ...pods.port,
        look: async (signal) => {
          if (pods.view().partition === 1 && away < 3) {
            away += 1;
            throw new AgentError('KUBE_AWAY', 'The Kubernetes API does not answer.');
          }
          return look(signal);
        },
      },
    });
    expect(entry).toMatchObject({ outcome: 'succeeded', summary: '3 of 3 pods were brought to the newest template.' });
    const steps = ['move-leader', 'roll-pod', 'verify', 'roll-pod', 'verify', 'move-leader', 'roll-pod', 'verify'];
    expect(stepsOf(entry)).toEqual([...steps, 'hold-pods']);
    expect(away).toBe(3);
    expect(made()).toEqual(['made m3 new', 'made m2 new', 'made m1 new']);
    expect(pods.calls.at(-1)).toBe('partition 3');
    expect(await versions()).toEqual([NEWER, NEWER, NEWER]);
    expect(await on.leader()).not.toBe(on.ids[0]);
  });
});
