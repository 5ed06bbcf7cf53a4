import { expect, test } from 'vitest';
import { faultOf } from '../../../src/cluster/agent-error.ts';
import { type KubeApi, kubeApi } from '../../../src/supervise/statefulset/kube-api.ts';
import { kubeConnection } from '../../../src/supervise/statefulset/kube-connection.ts';
import { watchSet } from '../../../src/supervise/statefulset/set-watch.ts';
import { SETS, type StandInApi, standInApi } from './stand-in-api.ts';

const { signal } = new AbortController();
const timing = { firstPauseMs: 20, longestPauseMs: 100, quietMs: 60_000 };

/** A machine that is busy takes long to load the library. */
const soon = <T>(look: () => T) => expect.poll(look, { timeout: 60_000 });

function sized(replicas: number): { metadata: { name: string }; spec: Record<string, unknown> } {
  return { metadata: { name: 'etcd' }, spec: { replicas } };
}

interface Followed extends AsyncDisposable {
  readonly sizes: readonly (number | undefined)[];
  readonly faults: readonly string[];
}

function follow(api: KubeApi): Followed {
  const sizes: (number | undefined)[] = [];
  const faults: string[] = [];
  const watch = watchSet({
    ...{ api, timing, name: 'etcd' },
    onChange: (set) => sizes.push(set?.replicas),
    onFault: (error) => faults.push(faultOf(error).code),
  });
  return { sizes, faults, [Symbol.asyncDispose]: () => watch[Symbol.asyncDispose]() };
}

async function connected(at: StandInApi): Promise<KubeApi> {
  return kubeApi(await kubeConnection(at.kubeconfig), 'ns');
}

test('each change of the size of a StatefulSet is seen, and that it is gone', async () => {
  await using at = await standInApi();
  at.put(SETS, sized(3));
  await using followed = follow(await connected(at));
  await soon(() => followed.sizes).toEqual([3]);
  at.put(SETS, sized(5));
  await soon(() => followed.sizes).toEqual([3, 5]);
  at.remove(SETS, 'etcd');
  await soon(() => followed.sizes).toEqual([3, 5, undefined]);
  expect(followed.faults).toEqual([]);
});

test('a version that is too old is listed anew, and nothing is missed meanwhile', async () => {
  await using at = await standInApi();
  at.put(SETS, sized(3));
  await using followed = follow(await connected(at));
  await soon(() => followed.sizes).toEqual([3]);
  let old = 0;
  at.before = (call) => {
    // Between the list and the watch, so that the watch begins with what is forgotten by now.
    if (call === `GET ${SETS}` && old < 4 && at.calls.length > 2) {
      old += 1;
      if (old % 2 === 0) at.forgetPast();
    }
  };
  at.forgetPast();
  at.put(SETS, sized(1));
  await soon(() => followed.sizes.at(-1)).toBe(1);
  await soon(() => old).toBe(4);
  at.put(SETS, sized(2));
  await soon(() => followed.sizes.at(-1)).toBe(2);
  expect(followed.faults).toEqual([]);
});

test('an API that is away is asked again until it is back, and ends nothing', async () => {
  await using at = await standInApi();
  at.put(SETS, sized(3));
  await using followed = follow(await connected(at));
  await soon(() => followed.sizes).toEqual([3]);
  await at.away(true);
  await soon(() => followed.faults.length).toBeGreaterThan(3);
  expect(new Set(followed.faults)).toEqual(new Set(['KUBE_AWAY']));
  at.put(SETS, sized(1));
  await at.away(false);
  await soon(() => followed.sizes).toEqual([3, 1]);
});

test('a right that is missing is said with what to do about it', async () => {
  await using at = await standInApi();
  at.forbid('GET /apis/apps');
  const api = await connected(at);
  await expect(api.statefulSet('etcd', signal)).rejects.toMatchObject({
    code: 'KUBE_FORBIDDEN',
    remedy: expect.stringContaining('docs/supervise-statefulset.md'),
  });
  await using followed = follow(api);
  await soon(() => followed.faults.length).toBeGreaterThan(1);
});

test('following ends at once while the API is away', async () => {
  await using at = await standInApi();
  await at.away(true);
  const followed = follow(await connected(at));
  await soon(() => followed.faults.length).toBeGreaterThan(0);
  await followed[Symbol.asyncDispose]();
});

test('a kubeconfig that is none is refused without a word of what is in it', async () => {
  await using at = await standInApi();
  const missing = kubeConnection(`${at.kubeconfig}.none`);
  await expect(missing).rejects.toMatchObject({
    code: 'KUBE_CONFIG_UNREADABLE',
    message: expect.stringContaining('ENOENT'),
  });
});
