import { expect, test } from 'vitest';
import { readAuth } from '../../src/cli/doctor/readings/auth.ts';
import { MemberClient } from '../../src/etcd/member-client.ts';
import { findBinaries } from '../real/binaries.ts';
import { startCluster } from '../real/cluster.ts';

test('no call that ends older members is made while there are any', async () => {
  await using cluster = await startCluster({ version: '3.4', members: 3 });
  const [first, second, third] = cluster.members;
  if (first === undefined || second === undefined || third === undefined) throw new Error('three were asked for');
  await first.stop();
  await first.start({ etcd: findBinaries('3.5').etcd });
  const client = new MemberClient({ member: 'm1', endpoint: first.endpoint });
  expect((await client.status()).version).toMatch(/^3\.5/);
  await expect(client.authStatus()).rejects.toMatchObject({ code: 'ETCD_OLDER_MEMBERS' });
  expect(await readAuth({ client, signal: AbortSignal.timeout(10_000) })).toEqual({ enabled: false });
  // Whatever else went through the log has been applied by now.
  await client.put(Buffer.from('a'), Buffer.from('b'));
  await second.ready();
  expect([second.running, third.running]).toEqual([true, true]);
  for (const member of [second, third]) {
    await member.stop();
    await member.start({ etcd: findBinaries('3.5').etcd });
  }
  // The raft leader raises the version of the cluster some seconds after the last member.
  await expect
    .poll(() => client.authStatus().catch(() => undefined), { timeout: 30_000 })
    .toMatchObject({
      enabled: false,
    });
  client.close();
});

test('over TLS it is asked with the certificates of the client', async () => {
  await using cluster = await startCluster({ tls: 'mtls' });
  const { ca, cert, key } = cluster.certs ?? { ca: '', cert: '', key: '' };
  const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '', tls: { ca, cert, key } });
  await expect
    .poll(() => client.authStatus().catch(() => undefined), { timeout: 10_000 })
    .toMatchObject({
      enabled: false,
    });
  client.close();
});
