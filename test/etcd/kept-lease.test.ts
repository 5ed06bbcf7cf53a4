import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { KeptLease } from '../../src/etcd/kept-lease.ts';
import { MemberClient } from '../../src/etcd/member-client.ts';
import type { EtcdLine } from '../real/binaries.ts';
import { startCluster } from '../real/cluster.ts';
import { startTcpProxy, type TcpProxy } from '../real/tcp-proxy.ts';

/** A cluster of one member, with a client that reaches it through a proxy, and one that does not. */
interface Reached extends AsyncDisposable {
  readonly proxy: TcpProxy;
  readonly direct: MemberClient;
  readonly client: MemberClient;
}

async function connect(version: EtcdLine): Promise<Reached> {
  const cluster = await startCluster({ version });
  const [endpoint = ''] = cluster.endpoints;
  const proxy = await startTcpProxy(Number(new URL(endpoint).port));
  const direct = new MemberClient({ member: 'm1', endpoint });
  const client = new MemberClient({ member: 'm1', endpoint: `http://${proxy.address}` });
  return {
    ...{ proxy, direct, client },
    [Symbol.asyncDispose]: async () => {
      client.close();
      direct.close();
      await proxy.close();
      await cluster.close();
    },
  };
}

async function putUnder(lease: KeptLease, { direct }: Reached): Promise<void> {
  const { kv } = await direct.etcd3();
  await kv.put({ key: Buffer.from('held'), value: Buffer.from('x'), lease: String(lease.id) });
}

async function isThere({ direct }: Reached): Promise<boolean> {
  return (await direct.range({ key: Buffer.from('held') })).count === 1;
}

// Most of it is waiting for leases, each on a cluster of its own: that passes best at the same time.
describe.concurrent.each<EtcdLine>(['3.4', '3.5'])('a kept lease, on etcd %s', (version) => {
  test('stays held for much longer than its TTL, and is gone once it is closed', async () => {
    await using reached = await connect(version);
    const { client } = reached;
    const lease = await KeptLease.grant(client, { ttlSeconds: 5 });
    await putUnder(lease, reached);
    await sleep(11_000);
    expect([lease.held, lease.lost.aborted, await isThere(reached)]).toEqual([true, false, true]);
    expect(lease.remainingMs).toBeGreaterThan(0);
    await lease.close();
    expect([await isThere(reached), lease.lost.aborted]).toEqual([false, false]);
  });

  test('hazard 3: when keepalives stop it is known to be lost before etcd lets it go', async () => {
    await using reached = await connect(version);
    const { proxy, client } = reached;
    // A margin that leaves a busy machine the time to look before etcd lets the lease go.
    await using lease = await KeptLease.grant(client, { ttlSeconds: 6, marginMs: 3000 });
    await putUnder(lease, reached);
    proxy.drop();
    await expect.poll(() => lease.lost.aborted, { timeout: 20_000 }).toBe(true);
    expect(lease.held).toBe(false);
    expect(lease.lost.reason).toMatchObject({ code: 'ETCD_LEASE_LOST', member: 'm1' });
    expect(await isThere(reached)).toBe(true);
    await expect.poll(() => isThere(reached), { timeout: 30_000 }).toBe(false);
    proxy.heal();
  });

  test('counts from when the keepalive was sent: a slow answer does not prolong it', async () => {
    await using reached = await connect(version);
    const { proxy, client } = reached;
    await client.status();
    proxy.delay(200);
    await using lease = await KeptLease.grant(client, { ttlSeconds: 5, marginMs: 500 });
    // The answer came 400 ms after the question at the earliest, but for what timers fire too early.
    expect(lease.remainingMs).toBeLessThan(4500 - 390);
    proxy.heal();
  });

  test('a lease that somebody else has revoked is lost at the next keepalive', async () => {
    await using reached = await connect(version);
    const { direct, client } = reached;
    await using lease = await KeptLease.grant(client, { ttlSeconds: 9 });
    await direct.revokeLease(lease.id);
    await expect.poll(() => lease.lost.aborted, { timeout: 30_000 }).toBe(true);
    expect(lease.lost.reason.message).toContain('let it go');
  });

  test('a short outage does not lose it', async () => {
    await using reached = await connect(version);
    const { proxy, client } = reached;
    await using lease = await KeptLease.grant(client, { ttlSeconds: 12 });
    proxy.cut();
    // Long enough for a keepalive to fail: there is one every third of the TTL.
    await sleep(5000);
    proxy.heal();
    const leftMs = lease.remainingMs;
    await expect.poll(() => lease.remainingMs, { timeout: 20_000 }).toBeGreaterThan(leftMs);
    expect(lease.lost.aborted).toBe(false);
  });
});
