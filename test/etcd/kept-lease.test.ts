import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { KeptLease } from '../../src/etcd/kept-lease.ts';
import { MemberClient } from '../../src/etcd/member-client.ts';
import { type RealCluster, startCluster } from '../real/cluster.ts';
import { startTcpProxy, type TcpProxy } from '../real/tcp-proxy.ts';

describe.each(['3.4', '3.5'] as const)('a kept lease, on etcd %s', (version) => {
  let cluster: RealCluster;
  let proxy: TcpProxy;
  let direct: MemberClient;
  let client: MemberClient;

  const connect = async (): Promise<void> => {
    cluster = await startCluster({ version });
    proxy = await startTcpProxy(Number(new URL(cluster.endpoints[0] ?? '').port));
    direct = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    client = new MemberClient({ member: 'm1', endpoint: `http://${proxy.address}` });
  };

  afterEach(async () => {
    client.close();
    direct.close();
    await proxy.close();
    await cluster.close();
  });

  const putUnder = async (lease: KeptLease): Promise<void> => {
    const { kv } = await direct.etcd3();
    await kv.put({ key: Buffer.from('held'), value: Buffer.from('x'), lease: String(lease.id) });
  };
  const isThere = async (): Promise<boolean> => (await direct.range({ key: Buffer.from('held') })).count === 1;

  test('stays held for much longer than its TTL, and is gone once it is closed', async () => {
    await connect();
    const lease = await KeptLease.grant(client, { ttlSeconds: 5 });
    await putUnder(lease);
    await sleep(11_000);
    expect([lease.held, lease.lost.aborted, await isThere()]).toEqual([true, false, true]);
    expect(lease.remainingMs).toBeGreaterThan(0);
    await lease.close();
    expect([await isThere(), lease.lost.aborted]).toEqual([false, false]);
  });

  test('hazard 3: when keepalives stop it is known to be lost before etcd lets it go', async () => {
    await connect();
    // A margin that leaves a busy machine the time to look before etcd lets the lease go.
    await using lease = await KeptLease.grant(client, { ttlSeconds: 6, marginMs: 3000 });
    await putUnder(lease);
    proxy.drop();
    await expect.poll(() => lease.lost.aborted, { timeout: 20_000 }).toBe(true);
    expect(lease.held).toBe(false);
    expect(lease.lost.reason).toMatchObject({ code: 'ETCD_LEASE_LOST', member: 'm1' });
    expect(await isThere()).toBe(true);
    await expect.poll(isThere, { timeout: 30_000 }).toBe(false);
    proxy.heal();
  });

  // The same with every version of etcd.
  if (version === '3.5') {
    test('counts from when the keepalive was sent: a slow answer does not prolong it', async () => {
      await connect();
      await client.status();
      proxy.delay(200);
      await using lease = await KeptLease.grant(client, { ttlSeconds: 5, marginMs: 500 });
      // The answer came 400 ms after the question at the earliest, but for what timers fire too early.
      expect(lease.remainingMs).toBeLessThan(4500 - 390);
      proxy.heal();
    });

    test('a lease that somebody else has revoked is lost at the next keepalive', async () => {
      await connect();
      await using lease = await KeptLease.grant(client, { ttlSeconds: 9 });
      await direct.revokeLease(lease.id);
      await expect.poll(() => lease.lost.aborted, { timeout: 30_000 }).toBe(true);
      expect(lease.lost.reason.message).toContain('let it go');
    });

    test('a short outage does not lose it', async () => {
      await connect();
      await using lease = await KeptLease.grant(client, { ttlSeconds: 12 });
      proxy.cut();
      // Long enough for a keepalive to fail: there is one every third of the TTL.
      await sleep(5000);
      proxy.heal();
      const leftMs = lease.remainingMs;
      await expect.poll(() => lease.remainingMs, { timeout: 20_000 }).toBeGreaterThan(leftMs);
      expect(lease.lost.aborted).toBe(false);
    });
  }
});
