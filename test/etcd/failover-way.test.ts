import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { MemberClient } from '../../src/etcd/member-client.ts';
import { type RealCluster, startCluster } from '../real/cluster.ts';

describe('a client that fails over, beside one of three members', () => {
  let cluster: RealCluster;
  let clients: readonly MemberClient[];
  let serves = true;
  let client: MemberClient;
  let follower = 0;
  const idOf = async (): Promise<string> => (await client.status()).header.memberId;

  beforeAll(async () => {
    cluster = await startCluster({ members: 3 });
    clients = cluster.endpoints.map((endpoint, index) => new MemberClient({ member: `m${index + 1}`, endpoint }));
    // A follower: with the raft leader the others would have to elect one first.
    const { leaderId } = await (clients[0] ?? expect.fail('there is no member')).status();
    const ids = await Promise.all(clients.map(async (each) => (await each.status()).header.memberId));
    follower = ids.findIndex((id) => id !== leaderId);
    const own = clients[follower] ?? expect.fail('there is no follower');
    const others = clients.filter((each) => each !== own);
    client = MemberClient.failingOver(
      own,
      () => others,
      () => serves,
    );
  });
  afterAll(async () => {
    client.close();
    for (const each of clients) each.close();
    await cluster.close();
  });

  test('goes through the own member while that one serves', async () => {
    const own = (await clients[follower]?.status())?.header.memberId;
    expect(await idOf()).toBe(own);
  });

  test('makes the call that fails once, and the next one through another member', async () => {
    serves = false;
    await cluster.members[follower]?.kill();
    await expect(client.put(Buffer.from('a'), Buffer.from('1'))).rejects.toMatchObject({ code: 'ETCD_UNREACHABLE' });
    await client.put(Buffer.from('a'), Buffer.from('2'));
    expect((await client.range({ key: Buffer.from('a') })).kvs[0]?.version).toBe(1n);
  });

  test('keeps leases and watches through another member', async () => {
    const lease = await client.grantLease(10);
    expect(await client.keepLeaseAlive(lease.id)).toBeGreaterThan(0);
    const watching = client.watch({ key: Buffer.from('w') });
    await vi.waitFor(async () => expect((await watching.next()).value?.kind).toBe('created'), { timeout: 10_000 });
    await client.put(Buffer.from('w'), Buffer.from('1'));
    expect((await watching.next()).value?.events).toHaveLength(1);
    await watching.return();
  });

  test('asks nobody else when the caller gave up', async () => {
    const gone = new AbortController();
    gone.abort();
    await expect(client.status(gone.signal)).rejects.toMatchObject({ code: 'ETCD_ABORTED' });
    await expect(client.status()).resolves.toBeDefined();
  });

  test('goes back to the own member once that one has been seen to serve', async () => {
    await cluster.members[follower]?.start();
    const own = await vi.waitFor(async () => (await clients[follower]?.status())?.header.memberId, { timeout: 20_000 });
    expect(await idOf()).not.toBe(own);
    serves = true;
    expect(await idOf()).toBe(own);
  });

  test('fails as the own member does where nobody serves', async () => {
    serves = false;
    await Promise.all(cluster.members.map((member) => member.kill()));
    for (let attempt = 0; attempt < 6; attempt += 1) {
      await expect(client.status()).rejects.toMatchObject({ code: 'ETCD_UNREACHABLE' });
    }
  });
});
