import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { Follow } from '../../../src/observe/keyspace/follow.ts';
import { KeyspaceTotals } from '../../../src/observe/keyspace/totals.ts';
import { type RealCluster, startCluster } from '../../real/cluster.ts';
import { startTcpProxy } from '../../real/tcp-proxy.ts';
import { churn, fill, randomKey, randomOf } from './churn.ts';
import { recount } from './recount.ts';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

/** Runs until the test ends. */
function follow(client: MemberClient, keysPerSecond: number): { follow: Follow; totals: KeyspaceTotals } {
  const totals = new KeyspaceTotals({ kubernetes: 'auto', maxDepth: 4 });
  const pace = { keysPerSecond, busyShare: 1 };
  const following = new Follow({ client, totals, pageBytes: 64 * 2 ** 10, pace, hold: () => undefined });
  const stop = new AbortController();
  const running = following.run(stop.signal);
  cleanups.push(async () => {
    stop.abort();
    await running;
  });
  return { follow: following, totals };
}

function connect(endpoint: string): MemberClient {
  const client = new MemberClient({ member: 'm1', endpoint, keepaliveTimeMs: 5000, keepaliveTimeoutMs: 1000 });
  cleanups.push(() => client.close());
  return client;
}

async function start(version: '3.4' | '3.5'): Promise<RealCluster> {
  const cluster = await startCluster({ version });
  cleanups.push(() => cluster.close());
  return cluster;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 40_000;
  while (!(await condition())) {
    if (performance.now() > deadline) {
      throw new Error(`waited in vain for ${condition}`);
    }
    await sleep(20);
  }
}

/** Waits until the totals are exact at the newest revision, and compares them with a recount at every depth. */
async function expectExact(client: MemberClient, follow: Follow, totals: KeyspaceTotals): Promise<void> {
  await until(async () => {
    const { header } = await client.status();
    return follow.progress.current && follow.progress.revision === header.revision;
  });
  for (const depth of [1, 2, 3, 4]) {
    const { counts, revision } = await recount(client, depth);
    expect(follow.progress.revision).toBe(revision);
    const rows = totals.byPrefix(depth).filter(({ keys }) => keys > 0);
    const found = rows.map(({ prefix, keys, bytes }) => [prefix.toString('latin1'), [keys, bytes]]);
    expect(Object.fromEntries(found)).toEqual(counts);
  }
}

describe.each(['3.4', '3.5'] as const)('the keyspace of a real etcd %s', (version) => {
  it('is counted exactly while it changes in every way, during the scan and after it', async () => {
    const cluster = await start(version);
    const client = connect(cluster.endpoints[0] ?? '');
    const seed = Math.floor(Math.random() * 2 ** 31);
    const random = randomOf(seed);
    await fill(client, random, 4000);
    const writer = new AbortController();
    const changes = churn(client, random, writer.signal);
    const { follow: following, totals } = follow(client, 2000);
    await until(() => following.progress.current);
    expect(following.progress.scannedKeys, `seed ${seed}`).toBeGreaterThan(1000);
    await sleep(500);
    writer.abort();
    await changes;
    await until(async () => (await (await client.etcd3()).lease.leaseLeases()).leases.length === 0);
    await expectExact(client, following, totals);
  });

  it('is read anew when what was missed is compacted', async () => {
    const cluster = await start(version);
    const member = new URL(cluster.endpoints[0] ?? '');
    const direct = connect(member.href);
    const proxy = await startTcpProxy(Number(member.port));
    cleanups.push(() => proxy.close());
    await fill(direct, randomOf(1), 500);
    const { follow: following, totals } = follow(connect(`http://${proxy.address}`), Number.POSITIVE_INFINITY);
    await expectExact(direct, following, totals);
    const before = following.progress.revision;
    proxy.cut();
    const { kv } = await direct.etcd3();
    await kv.deleteRange({ key: Buffer.from('/a/'), range_end: Buffer.from('/b') });
    await kv.put({ key: Buffer.from('/new/key'), value: Buffer.from('value') });
    await kv.put({ key: Buffer.from('/new/key2'), value: Buffer.from('value') });
    const { header } = await direct.status();
    await kv.compact({ revision: header.revision.toString(), physical: true });
    await until(() => following.fault !== undefined);
    proxy.heal();
    await until(() => following.progress.revision > before && following.fault === undefined);
    await expectExact(direct, following, totals);
  });

  // The same with every version of etcd.
  if (version === '3.5') {
    it('goes on from where it was when the member was away, without another scan', async () => {
      const cluster = await start(version);
      const [member] = cluster.members;
      const client = connect(member?.endpoint ?? '');
      await fill(client, randomOf(2), 500);
      const { follow: following, totals } = follow(client, Number.POSITIVE_INFINITY);
      await expectExact(client, following, totals);
      const scanned = following.progress.scannedKeys;
      const { kv } = await client.etcd3();
      await kv.put({ key: Buffer.from('/before'), value: Buffer.from('value') });
      await member?.kill();
      await until(() => following.fault?.code === 'ETCD_UNREACHABLE');
      await member?.start();
      await kv.put({ key: Buffer.from('/after'), value: Buffer.from('value') });
      await expectExact(client, following, totals);
      expect(following.progress.scannedKeys).toBe(scanned);
    });

    it('goes on with the scan when the connection breaks in the middle of it', async () => {
      const cluster = await start(version);
      const member = new URL(cluster.endpoints[0] ?? '');
      const direct = connect(member.href);
      const proxy = await startTcpProxy(Number(member.port));
      cleanups.push(() => proxy.close());
      const random = randomOf(3);
      await fill(direct, random, 3000);
      const { follow: following, totals } = follow(connect(`http://${proxy.address}`), 800);
      await until(() => following.progress.scannedKeys > 300);
      proxy.cut();
      expect(following.progress.current).toBe(false);
      const { kv } = await direct.etcd3();
      for (let i = 0; i < 100; i += 1) {
        await kv.put({ key: randomKey(random), value: Buffer.alloc(10) });
        await kv.deleteRange({ key: randomKey(random) });
      }
      proxy.heal();
      await expectExact(direct, following, totals);
    });
  }

  it('has every write counted once', async () => {
    const cluster = await start(version);
    const client = connect(cluster.endpoints[0] ?? '');
    const { follow: following, totals } = follow(client, Number.POSITIVE_INFINITY);
    await until(() => following.progress.current);
    const { kv } = await client.etcd3();
    for (let i = 0; i < 20; i += 1) {
      await kv.put({ key: Buffer.from(`/w/${i % 3}`), value: Buffer.from('v') });
    }
    await kv.deleteRange({ key: Buffer.from('/w/'), range_end: Buffer.from('/w0') });
    await expectExact(client, following, totals);
    expect(totals.byPrefix(1).map(({ prefix, keys, writes }) => [prefix.toString(), keys, writes])).toEqual([
      ['/w/', 0, 23],
    ]);
  });
});
