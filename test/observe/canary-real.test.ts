import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MemberClient } from '../../src/etcd/member-client.ts';
import type { MemberClientOptions } from '../../src/etcd/types.ts';
import { type RealCluster, startCluster } from '../real/cluster.ts';
import { running } from './canary/scripted.ts';

const key = Buffer.from('/etcd-caretaker/canary/1');

const connect = ({ endpoints: [endpoint = ''] }: RealCluster, options: Partial<MemberClientOptions> = {}) =>
  new MemberClient({ member: 'm1', endpoint, ...options });

const canaryOn = (cluster: RealCluster, options?: Partial<MemberClientOptions>) =>
  running(connect(cluster, options), {
    ...{ readIntervalMs: 100, writeIntervalMs: 1000, timeoutMs: 1000 },
    place: () => ({ key, agents: 1, index: 0 }),
  });

/** Writes until the quota is used up. */
const fill = async (cluster: RealCluster): Promise<void> => {
  const client = connect(cluster);
  for (let i = 0, full = false; !full; i += 1) {
    full = await client.put(Buffer.from(`filler${i}`), Buffer.alloc(2 ** 20)).then(
      () => false,
      () => true,
    );
  }
  client.close();
};

const leases = async (cluster: RealCluster): Promise<number> =>
  (await cluster.etcdctl('lease', 'list')).split('\n').filter((line) => /^[0-9a-f]{10,}$/.test(line)).length;

test('one key under one lease, also of an agent that starts again; a stopped and a full etcd fail it', async () => {
  // The older one: a lease with an id of one's own choice is the same call in 3.5.
  await using cluster = await startCluster({ version: '3.4', quotaBytes: 2 ** 22 });
  const [member] = cluster.members;
  {
    await using killed = canaryOn(cluster);
    await killed.when('write', ({ outcomes }) => outcomes.succeeded >= 2);
    await using again = canaryOn(cluster);
    await again.when('write', ({ outcomes }) => outcomes.succeeded >= 1);
    await again.when('read', ({ outcomes }) => outcomes.succeeded >= 1);
    expect(await leases(cluster)).toBe(1);
    expect(await cluster.etcdctl('get', '--keys-only', '--prefix', '/etcd-caretaker/')).toBe(`${key}\n\n`);

    await fill(cluster);
    await again.when('write', ({ fault, outcomes }) => fault?.code === 'ETCD_NOSPACE' && outcomes.failed >= 1);
    await member?.kill();
    const { fault } = await again.when('read', ({ outcomes }) => outcomes.failed >= 2);
    expect(fault?.code).toBe('ETCD_UNREACHABLE');
    await member?.start();
    const before = (await again.all())[0]?.outcomes.succeeded ?? 0;
    await again.when('read', ({ outcomes }) => outcomes.succeeded > before);
  }
  expect(await leases(cluster)).toBe(0);
  expect(await cluster.etcdctl('get', '--keys-only', '--prefix', '/etcd-caretaker/')).toBe('');
});

test('with authentication on, a user who may only read gets reads, and no writes', async () => {
  await using cluster = await startCluster({ auth: { rootPassword: 'so secret' } });
  await cluster.etcdctl('user', 'add', 'reader:weak');
  await cluster.etcdctl('role', 'add', 'reads');
  await cluster.etcdctl('role', 'grant-permission', 'reads', 'read', '', '--prefix');
  await cluster.etcdctl('user', 'grant-role', 'reader', 'reads');
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-canary-'));
  try {
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, 'weak');
    await using canary = canaryOn(cluster, { auth: { username: 'reader', passwordFile } });
    const { outcomes } = await canary.when('write', ({ off }) => off !== undefined);
    expect(outcomes).toEqual({ succeeded: 0, slow: 0, failed: 0 });
    await canary.when('read', ({ outcomes: { succeeded } }) => succeeded >= 2);
    expect(await leases(cluster)).toBeLessThanOrEqual(1);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
