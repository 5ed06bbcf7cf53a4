import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { MemberClient } from '../../src/etcd/member-client.ts';
import { fetchMetricsPage } from '../../src/etcd/metrics-page.ts';
import { type RealCluster, startCluster } from '../real/cluster.ts';

const HALF_A_KILOBYTE = 512;

describe.each(['3.4', '3.5'] as const)('every call is made once, on etcd %s', (version) => {
  let cluster: RealCluster | undefined;
  let client: MemberClient | undefined;

  afterEach(async () => {
    client?.close();
    await cluster?.close();
  });

  test('hazard 2: a call that changes the cluster and misses its deadline has reached the server once', async () => {
    cluster = await startCluster({ version });
    const member = cluster.members[0];
    client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '', callTimeoutMs: 2000 });
    const { maintenance, cluster: members, kv } = await client.etcd3();
    const { header } = await client.status();
    const targetID = BigInt(`0x${header.memberId}`).toString();
    const before = await startedCalls(member?.metricsUrl ?? '');

    member?.pause();
    const attempts = [
      maintenance.defragment(),
      maintenance.moveLeader({ targetID }),
      members.memberAdd({ peerURLs: ['http://127.0.0.1:1'], isLearner: true }),
      kv.put({ key: Buffer.from('once'), value: Buffer.from('x') }),
      client.keepLeaseAlive(1n, AbortSignal.timeout(300)),
    ];
    const codes = (await Promise.allSettled(attempts)).map((outcome) =>
      outcome.status === 'rejected' ? outcome.reason.code : 'fulfilled',
    );
    member?.resume();
    expect(codes).toEqual(attempts.map(() => 'ETCD_DEADLINE'));

    await sleep(1000);
    const after = await startedCalls(member?.metricsUrl ?? '');
    for (const method of ['Defragment', 'MoveLeader', 'MemberAdd', 'Put', 'LeaseKeepAlive']) {
      expect((after.get(method) ?? 0) - (before.get(method) ?? 0), method).toBeLessThanOrEqual(1);
    }
  });

  test('a read that misses its deadline is made once too, unless retries are asked for', async () => {
    cluster = await startCluster({ version });
    const member = cluster.members[0];
    client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '', callTimeoutMs: 2000 });
    await client.status();
    const before = (await startedCalls(member?.metricsUrl ?? '')).get('Status') ?? 0;
    member?.pause();
    await expect(client.status()).rejects.toMatchObject({ code: 'ETCD_DEADLINE' });
    member?.resume();
    await sleep(500);
    const after = (await startedCalls(member?.metricsUrl ?? '')).get('Status') ?? 0;
    expect(after - before).toBeLessThanOrEqual(1);
  });

  test('reads with retries get through when the member comes back meanwhile', async () => {
    cluster = await startCluster({ version });
    const member = cluster.members[0];
    client = new MemberClient({
      member: 'm1',
      endpoint: cluster.endpoints[0] ?? '',
      callTimeoutMs: 20_000,
      readRetries: 12,
    });
    await client.status();
    await member?.kill();
    const reading = client.status();
    await member?.start();
    await expect(reading).resolves.toMatchObject({ isLearner: false });
  });

  test('after a restart the next call gets through at once, without waiting for a back-off', async () => {
    cluster = await startCluster({ version });
    const member = cluster.members[0];
    client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    await client.status();
    await member?.kill();
    for (let i = 0; i < 5; i += 1) await expect(client.status()).rejects.toMatchObject({ code: 'ETCD_UNREACHABLE' });
    await member?.start();
    await expect(client.status()).resolves.toBeDefined();
  });

  test('asking for Status, alarms, members and reads writes nothing to raft', async () => {
    cluster = await startCluster({ version });
    client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    const before = await client.status();
    await Promise.all([client.alarms(), client.memberList(), client.linearizableRead()]);
    expect((await client.status()).raftIndex).toBe(before.raftIndex);
  });

  test('hazard 5: under NOSPACE refused puts keep neither Status nor deletes nor compaction from being made', async () => {
    cluster = await startCluster({ version, quotaBytes: 2 * 1024 * 1024 });
    client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    const value = Buffer.alloc(HALF_A_KILOBYTE * 1024);
    const writer = client;
    const put = (key: string): Promise<string> =>
      writer.put(Buffer.from(key), value).then(
        () => '',
        (error) => error.code,
      );
    // The alarm goes through raft: puts that were under way before it was raised may still pass.
    while ((await client.alarms()).length === 0) await put(`fill/${Math.random()}`);
    const codes: string[] = [];
    for (let i = 0; i < 10; i += 1) codes.push(await put(`more/${i}`));
    expect(new Set(codes)).toEqual(new Set(['ETCD_NOSPACE']));
    const { header } = await client.status();
    expect(await client.alarms()).toEqual([{ memberId: header.memberId, alarm: 'NOSPACE' }]);
    expect((await cluster.etcdctl('alarm', 'list')).trim()).toBe(
      `memberID:${BigInt(`0x${header.memberId}`)} alarm:NOSPACE`,
    );
    expect((await client.deleteRange(Buffer.from('fill/'), Buffer.from('fill0'))).deleted).toBeGreaterThan(0);
    const { kv } = await client.etcd3();
    await expect(kv.compact({ revision: String((await client.status()).header.revision) })).resolves.toBeDefined();
  });
});

/** How often each method has been begun on the server. */
async function startedCalls(url: string): Promise<Map<string, number>> {
  const { samples } = await fetchMetricsPage({ member: 'm1', url, families: ['grpc_server_started_total'] });
  const started = new Map<string, number>();
  for (const { labels, value } of samples.get('grpc_server_started_total') ?? []) {
    started.set(labels['grpc_method'] ?? '', value);
  }
  return started;
}
