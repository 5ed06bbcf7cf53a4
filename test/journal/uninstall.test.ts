import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MemberClient } from '../../src/etcd/member-client.ts';
import { journalKeys } from '../../src/journal/keys.ts';
import { findOwnKeys } from '../../src/journal/own-keys.ts';
import { reasonsToKeep, uninstall } from '../../src/journal/uninstall.ts';
import { type RealCluster, startCluster } from '../real/cluster.ts';

const prefix = '/etcd-caretaker/';
const keys = journalKeys(prefix);
let cluster: RealCluster;
let client: MemberClient;

beforeAll(async () => {
  cluster = await startCluster();
  client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
}, 60_000);

afterEach(async () => {
  await client.deleteRange(Buffer.from('/'), Buffer.from('0'));
});

afterAll(async () => {
  client?.close();
  await cluster?.close();
});

async function put(...written: readonly Buffer[]): Promise<void> {
  for (const key of written) await client.put(key, Buffer.from('{}'));
}

/** All keys that are left in etcd. */
async function left(): Promise<readonly string[]> {
  const { kvs } = await client.range({ key: Buffer.from('/'), rangeEnd: Buffer.from('0'), keysOnly: true });
  return kvs.map(({ key }) => key.toString());
}

const remains = [
  keys.epoch,
  keys.armed,
  keys.canary,
  keys.canaryOf('8e9e05c52164694d'),
  keys.resumed,
  keys.resumeToken(0),
  keys.places,
  keys.timeline,
  keys.pause,
  keys.history(7n),
  keys.history(8n),
  keys.request('a'),
  keys.spareEpoch(4n, 'ab'),
  keys.spareStep(4n, 1),
  Buffer.from(`${prefix}doctor/ab/1`),
];

describe('leaving a cluster', () => {
  it('finds nothing in a cluster that no agent has written to', async () => {
    await put(Buffer.from('/etcd-caretaker'), Buffer.from('/etcd-caretaker0'), Buffer.from('/registry/pods/a'));
    const found = await findOwnKeys(client, keys);
    expect(found).toEqual({ prefix, total: 0, kinds: {}, foreign: { count: 0, some: [] }, agents: [] });
    expect(reasonsToKeep(found)).toEqual([]);
  });

  it('counts every kind of key that agents leave behind, and removes exactly them', async () => {
    const others = ['/etcd-caretaker', '/etcd-caretaker0', '/registry/pods/a'];
    await put(...others.map((key) => Buffer.from(key)), ...remains);
    const found = await findOwnKeys(client, keys);
    expect(found).toMatchObject({ total: 15, foreign: { count: 0 }, agents: [] });
    expect(found.kinds).toEqual({
      ...{ armed: 1, canary: 2, doctor: 1, epoch: 1, history: 2, pause: 1, places: 1, requests: 1, resume: 1 },
      ...{ resumed: 1, spare: 2, timeline: 1 },
    });
    expect(reasonsToKeep(found)).toEqual([]);
    expect(await uninstall(client, keys)).toBe(15);
    expect(await left()).toEqual(others);
  });

  it('is not advised while agents are registered or an operation is under way, and says which', async () => {
    await put(...remains, keys.agent('cd'));
    await client.put(keys.agent('ab'), Buffer.from('{"memberId":"ab","member":"m1"}'));
    await client.put(keys.slot, Buffer.from('{"operation":"defrag"}'));
    const found = await findOwnKeys(client, keys);
    expect(found).toMatchObject({ agents: ['m1', 'cd'], operation: 'defrag' });
    expect(reasonsToKeep(found)).toEqual([
      expect.stringContaining('2 agents are registered (m1, cd)'),
      'The operation defrag is under way: its journal would be lost.',
    ]);
  });

  it('tells an operation whose journal cannot be read', async () => {
    await client.put(keys.slot, Buffer.from('garbage'));
    expect(await findOwnKeys(client, keys)).toMatchObject({ operation: 'unreadable' });
  });

  it('names keys below the prefix that no agent writes, as where the prefix is somebody else’s', async () => {
    await put(...Array.from({ length: 12 }, (_, n) => Buffer.from(`/registry/pods/${String(n).padStart(2, '0')}`)));
    await put(Buffer.from('/registry/epochs'));
    const found = await findOwnKeys(client, journalKeys('/registry/'));
    expect(found).toMatchObject({ total: 13, kinds: {}, foreign: { count: 13 } });
    expect(reasonsToKeep(found)).toEqual([
      '13 keys below /registry/ are not of this version: /registry/epochs, /registry/pods/00, /registry/pods/01, /registry/pods/02, /registry/pods/03.',
    ]);
  });

  it.each(['leader', 'slot'] as const)('is refused where there is a %s, unless forced', async (name) => {
    await put(keys.epoch, keys[name]);
    await expect(uninstall(client, keys)).rejects.toMatchObject({ code: 'AGENTS_REGISTERED' });
    expect(await left()).toHaveLength(2);
    expect(await uninstall(client, keys, { force: true })).toBe(2);
    expect(await left()).toEqual([]);
  });

  it('is refused where the prefix holds other keys, unless forced', async () => {
    await put(keys.epoch, Buffer.from(`${prefix}of-a-later-version/1`));
    await expect(uninstall(client, keys)).rejects.toMatchObject({ code: 'KEYS_NOT_OURS' });
    expect(await left()).toHaveLength(2);
    expect(await uninstall(client, keys, { force: true })).toBe(2);
  });

  it('lists more keys than fit on one page', async () => {
    const puts = Array.from({ length: 1100 }, (_, n) => ({ put: keys.spareStep(5n, n), value: Buffer.of() }));
    for (let at = 0; at < puts.length; at += 100) {
      await client.txn({ compare: [], changes: puts.slice(at, at + 100) });
    }
    expect(await findOwnKeys(client, keys)).toMatchObject({ total: 1100, kinds: { spare: 1100 } });
  });
});
