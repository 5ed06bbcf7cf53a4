import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MemberClient } from '../../src/etcd/member-client.ts';
import { type RealCluster, startCluster } from '../real/cluster.ts';
import { startTcpProxy } from '../real/tcp-proxy.ts';

test('on etcd 3.4 with authentication on and no user the member list is still the one of the quorum', async () => {
  await using cluster = await startCluster({ version: '3.4', auth: { rootPassword: 'so secret' } });
  const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
  try {
    await expect(client.memberList()).resolves.toMatchObject({ linearizable: true, members: [{ name: 'm1' }] });
  } finally {
    client.close();
  }
});

describe.each(['3.4', '3.5'] as const)('the member list of etcd %s', (version) => {
  let cluster: RealCluster;

  beforeAll(async () => {
    cluster = await startCluster({ version, members: 2 });
  });
  afterAll(() => cluster.close());

  test('without a quorum it is what the member remembers, but not for a caller that has given up', async () => {
    await using proxy = await startTcpProxy(Number(new URL(cluster.endpoints[0] ?? '').port));
    const client = new MemberClient({ member: 'm1', endpoint: `http://${proxy.address}`, callTimeoutMs: 3000 });
    await client.status();
    cluster.members[1]?.pause();
    try {
      await expect(client.memberList()).resolves.toMatchObject({ linearizable: false });
      const caller = new AbortController();
      const list = client.memberList(caller.signal, 60_000);
      setTimeout(() => caller.abort(), 100);
      await expect(list).rejects.toMatchObject({ code: 'ETCD_ABORTED', message: expect.stringContaining('Range') });
      // A failure that is not the want of a quorum is told as it is, by the call that met it.
      proxy.cut();
      await expect(client.memberList()).rejects.toMatchObject({
        code: 'ETCD_UNREACHABLE',
        message: expect.stringContaining('Range'),
      });
    } finally {
      cluster.members[1]?.resume();
      client.close();
    }
  });
});
