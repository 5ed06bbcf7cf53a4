import { afterEach, describe, expect, it, vi } from 'vitest';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { type RealCluster, startCluster } from '../../real/cluster.ts';
import { type ActingAgents, actingAgents, patience } from './acting-agents.ts';

const quotaBytes = 16 * 2 ** 20;
const valueBytes = 200_000;
/** On a busy machine each of some thirty steps waits for its turn. */
const longPatience = { ...patience, timeout: 200_000 };
// A test may need all of its patience, and says then what it waited for.
vi.setConfig({ testTimeout: 300_000 });

let cluster: RealCluster | undefined;
let acting: ActingAgents | undefined;
let client: MemberClient | undefined;

afterEach(async () => {
  client?.close();
  await acting?.[Symbol.asyncDispose]();
  await cluster?.close();
});

/** Agents that are armed and have laid by what they need when nothing can be written any more. */
async function ready(options: Parameters<typeof startCluster>[0]): Promise<MemberClient> {
  cluster = await startCluster({ quotaBytes, ...options });
  acting = await actingAgents(cluster, { 'maintenance.nospace.compactOlderThan': '2s' });
  await acting.leader();
  client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
  const own = client;
  await vi.waitFor(async () => {
    const spares = await own.range({
      key: Buffer.from('/etcd-caretaker/spare/'),
      rangeEnd: Buffer.from('/etcd-caretaker/spare0'),
      countOnly: true,
    });
    expect(spares.count).toBeGreaterThan(100);
  }, patience);
  return own;
}

const put = (to: MemberClient, key: string): Promise<boolean> =>
  to.put(Buffer.from(key), Buffer.alloc(valueBytes, 1)).then(
    () => true,
    () => false,
  );

/** For the message of a test that fails. */
const seen = (): string =>
  JSON.stringify([acting?.view(0).decisions[0], acting?.view(0).history[0]], (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  );

const everything = (): string =>
  JSON.stringify(
    acting?.agents.map((agent) => agent.observation().caretaking),
    (_, value) => (typeof value === 'bigint' ? String(value) : value),
    1,
  );

/** Overwrites the same few keys, or writes ever new ones, until etcd refuses it. */
async function fill(to: MemberClient, key: (index: number) => string): Promise<void> {
  for (let index = 0; index < 2000; index += 1) {
    if (!(await put(to, key(index))) && (await to.alarms()).length > 0) return;
  }
  throw new Error('the quota was never used up');
}

// Three members of 3.5 are below, where more goes wrong.
describe.each([
  ['3.4', 3],
  ['3.5', 1],
  ['3.5', 5],
] as const)('a cluster of etcd %s with %d members that refuses writes', (version, members) => {
  it('is brought back with no human, and all that was written last is there', async () => {
    const to = await ready({ version, members });
    await fill(to, (index) => `/history/${index % 5}`);
    await vi.waitFor(async () => expect(await put(to, '/after'), everything()).toBe(true), longPatience);
    await vi.waitFor(() => {
      const entry = acting?.view(0).history.find(({ operation }) => operation === 'nospace');
      expect(entry?.steps.map(({ name }) => name)).toEqual(expect.arrayContaining(['defragment', 'disarm']));
    }, patience);
    expect(await to.alarms()).toEqual([]);
    const kept = await to.range({ key: Buffer.from('/history/'), rangeEnd: Buffer.from('/history0'), keysOnly: true });
    expect(kept.count).toBe(5);
  });
});

it('is brought back also while an operation is under way, and where nobody leads, and both are in the history', async () => {
  const to = await ready({ members: 3 });
  const all = acting;
  if (all === undefined) throw new Error('no agents');
  // The leading agent goes in the middle of a defragmentation, and nobody can be elected any more when it is gone.
  const leader = await all.leader();
  const others = all.agents.filter((agent) => agent !== leader);
  const views = () => others.map((agent) => agent.observation().caretaking);
  // A request may be refused while the cluster is not calm yet.
  await vi.waitFor(async () => {
    await all.change('POST', '/api/v1/operations', { operation: 'defrag' });
    const begun = () => expect(views()[0]?.slot?.operation).toBe('defrag');
    await vi.waitFor(begun, { timeout: 5000, interval: 20 });
  }, patience);
  await fill(to, (index) => `/history/${index % 5}`);
  await leader.close();
  const again = await all.restart(leader);
  await vi.waitFor(async () => expect(await put(to, '/after'), everything()).toBe(true), longPatience);
  await vi.waitFor(() => {
    const entry = views()[0]?.history.find(({ operation }) => operation === 'nospace');
    expect(entry?.outcome).toBe('succeeded');
    expect(views()[0]?.slot).toBeUndefined();
    const leading = [...views(), again.observation().caretaking].filter((view) => view?.leads === true);
    expect(leading).toHaveLength(1);
  }, patience);
});

it('is brought back also by agents that were all started while nothing could be written, not even who they are', async () => {
  const to = await ready({ members: 3 });
  const all = acting;
  if (all === undefined) throw new Error('no agents');
  await vi.waitFor(async () => {
    const { kvs } = await to.range({ key: Buffer.from('/etcd-caretaker/places') });
    expect(kvs[0]?.value.toString().match(/"url"/g)).toHaveLength(3);
  }, patience);
  await Promise.all(all.agents.map((agent) => agent.close()));
  await fill(to, (index) => `/history/${index % 5}`);
  // What is newer than this stays, and they have to have seen it.
  const again = await Promise.all(all.agents.map((agent) => all.restart(agent)));
  await vi.waitFor(async () => expect(await put(to, '/after'), everything()).toBe(true), longPatience);
  await vi.waitFor(() => {
    const registered = again.map((agent) => agent.observation().caretaking?.registered);
    expect(registered).toEqual([true, true, true]);
  }, patience);
});

it('a cluster that is full of live data stays as it is, and a person is told which prefix fills it', async () => {
  const to = await ready({ members: 1 });
  await fill(to, (index) => `/live/${index}`);
  await vi.waitFor(() => {
    const paging = acting?.view(0).decisions.find(({ policy, page }) => policy === 'nospace' && page === true);
    expect(paging?.reasons.map(({ message }) => message).join() ?? seen()).toContain('/live');
  }, patience);
  expect((await to.alarms()).map(({ alarm }) => alarm)).toEqual(['NOSPACE']);
});
