import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AgentError } from '../../src/cluster/agent-error.ts';
import type { ClaimRelease, PodSetView } from '../../src/cluster/pod-set.ts';
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
        versions: Object.fromEntries(on.ids.map((id) => [id, etcdVersion('3.4')])),
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

  test('as long as a pod comes up the pods are held back: a further template would end those that were done before it', async () => {
    await leads(0);
    pods.broken = true;
    const run_ = run(await begin(), { timing: { podServesWithinMs: 4000 } });
    while (!made().includes('made m3 new')) await sleep(20);
    await sleep(1500);
    expect(pods.view().partition).toBe(3);
    expect(pods.calls).not.toContain('ended m3');
    expect(await run_).toMatchObject({ code: 'POD_NOT_SERVING' });
  });

  test('a pod is not ended for its former template while another voter is missing', async () => {
    await leads(0);
    pods.broken = true;
    on.see((state) => ({
      ...state,
      members: state.members.map((member) =>
        member.id === on.ids[1] && made().length > 0 ? { ...member, reachable: false } : member,
      ),
    }));
    const entry = await run(await begin(), { timing: { podServesWithinMs: 2000 } });
    on.see((state) => state);
    expect(entry).toMatchObject({ outcome: 'stopped', code: 'POD_NOT_SERVING' });
    expect(entry?.summary).toContain('not given back the template before: m2 does not answer either');
    expect(pods.calls).not.toContain('ended m3');
    await pods.mend();
  });

  test('another voter that is gone for longer than a minute while a pod comes up ends it, since that one needs the slot', async () => {
    await leads(0);
    pods.broken = true;
    const silence = { seconds: 61, observers: 2, silentTo: 2 };
    on.see((state) => ({
      ...state,
      members: state.members.map((member) =>
        member.id === on.ids[1] && made().length > 0 ? { ...member, reachable: false, silence } : member,
      ),
    }));
    const entry = await run(await begin());
    on.see((state) => state);
    expect(entry).toMatchObject({ outcome: 'stopped', code: 'MEMBER_DOWN' });
    expect(pods.view().partition).toBe(3);
    expect(pods.calls).not.toContain('ended m3');
    await pods.mend();
  });

  test('a pod that Kubernetes makes of the newest template again and again is ended twice, and no more', async () => {
    await leads(0);
    pods.broken = true;
    const ends: string[] = [];
    const seen = () => ({ ...pods.view(), updateRevision: 'new', currentRevision: 'old' });
    const look = async (): Promise<PodSetView> => {
      const view = seen();
      const anew = view.pods.map((pod) =>
        pod.name === 'm3' && pod.found?.revision === 'new'
          ? { ...pod, found: { ...pod.found, uid: `made-${ends.length}` } }
          : pod,
      );
      return { ...view, pods: anew };
    };
    const endPod = async ({ uid }: { readonly uid: string }): Promise<void> => void ends.push(uid);
    const entry = await run(await begin(), {
      pods: { ...pods.port, look, endPod },
      timing: { podServesWithinMs: 3000 },
    });
    expect(entry?.summary).toContain('makes it of the newest template again and again');
    expect(ends).toEqual(['made-0', 'made-1']);
    await pods.mend();
  });

  test('a pod is not ended where Kubernetes would make it of the same template again', async () => {
    await leads(0);
    pods.broken = true;
    const look = async (signal: AbortSignal) => {
      const seen = await pods.port.look(signal);
      return seen === undefined ? undefined : { ...seen, currentRevision: 'new' };
    };
    const entry = await run(await begin(), { pods: { ...pods.port, look }, timing: { podServesWithinMs: 2000 } });
    expect(entry?.summary).toContain('there is no template before that Kubernetes would make it of');
    expect(pods.calls).not.toContain('ended m3');
    await pods.mend();
  });

  test('the last pod is not given back an etcd that would refuse to start beside the others', async () => {
    await leads(0);
    pods.broken = true;
    on.see((state) => ({ ...state, members: state.members.map((member) => ({ ...member, version: NEWER })) }));
    const entry = await run(await begin(), { timing: { podServesWithinMs: 2000 } });
    on.see((state) => state);
    expect(entry).toMatchObject({ outcome: 'stopped', code: 'POD_NOT_SERVING' });
    expect(entry?.summary).toMatch(/all others run 3\.5, and etcd 3\.4\.\d+ would refuse to start/);
    expect(pods.calls).not.toContain('ended m3');
    await pods.mend();
  });

  test('a pod whose node is gone meanwhile leaves the slot to whoever lets go of its volume', async () => {
    await leads(0);
    pods.broken = true;
    const planRelease = async (pod: string): Promise<ClaimRelease> => ({
      ...{ pod, claim: 'data-m3', claimUid: '1', volume: 'v', proof: 'the node n3 is gone' },
    });
    const entry = await run(await begin(), { pods: { ...pods.port, planRelease } });
    expect(entry).toMatchObject({ outcome: 'stopped', code: 'NODE_GONE' });
    expect(entry?.summary).toContain('m3 cannot come up: the node n3 is gone');
    expect(pods.calls.at(-1)).toBe('partition 3');
    expect(pods.calls).not.toContain('ended m3');
    await pods.mend();
  });

  test('what a leader has found wrong that dies right after stays so for the next one', async () => {
    await leads(0);
    pods.broken = true;
    const begun = await begin();
    const { holdBack } = pods.port;
    const died = await run(begun, {
      timing: { podServesWithinMs: 2000 },
      pods: {
        ...pods.port,
        holdBack: async (...args: Parameters<typeof holdBack>) => {
          await holdBack(...args);
          // The last one of three: once the pod was made, before it is given back, and at the end.
          if (pods.calls.includes('made m3 old')) begun.term.end();
        },
      },
    });
    expect(died).toBeUndefined();
    pods.broken = false;
    const before = made().length;
    const entry = await run(await at.takeOver(begun));
    expect(entry).toMatchObject({ outcome: 'stopped', code: 'POD_NOT_SERVING' });
    expect(made()).toHaveLength(before);
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
    const turn = ['roll-pod', 'hold-pods', 'verify'];
    expect(stepsOf(entry)).toEqual(['move-leader', ...turn, ...turn, 'move-leader', ...turn, 'hold-pods']);
    expect(away).toBe(3);
    expect(made()).toEqual(['made m3 new', 'made m2 new', 'made m1 new']);
    expect(pods.calls.at(-1)).toBe('partition 3');
    expect(await versions()).toEqual([NEWER, NEWER, NEWER]);
    expect(await on.leader()).not.toBe(on.ids[0]);
  });
});
