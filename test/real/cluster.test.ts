import { existsSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { startCluster } from './cluster.ts';
import { slowFsync } from './slow-fsync.ts';
import { startTcpProxy } from './tcp-proxy.ts';

const open: AsyncDisposable[] = [];

afterEach(async () => {
  for (const resource of open.splice(0).reverse()) {
    await resource[Symbol.asyncDispose]();
  }
});

const closeLater = <T extends AsyncDisposable>(resource: T): T => {
  open.push(resource);
  return resource;
};

test.each(['3.4', '3.5'] as const)('three members of etcd %s with mTLS and a password answer', async (version) => {
  const auth = { rootPassword: 'only for this test' };
  const cluster = closeLater(await startCluster({ members: 3, version, tls: 'mtls', auth }));
  await cluster.etcdctl('put', 'greeting', 'hello');
  expect(await cluster.etcdctl('get', 'greeting', '--print-value-only')).toBe('hello\n');
  const page = await fetch(cluster.members[0]?.metricsUrl ?? '').then((answer) => answer.text());
  expect(page).toContain(`etcd_server_version{server_version="${version}.`);
});

test('a member can be paused, resumed, killed and started again, and closing leaves nothing', async () => {
  const cluster = closeLater(await startCluster());
  const [member] = cluster.members;
  if (member === undefined) {
    throw new Error('no member');
  }
  await cluster.etcdctl('put', 'before', '1');
  member.pause();
  await expect(fetch(member.metricsUrl, { signal: AbortSignal.timeout(300) })).rejects.toThrow('timeout');
  member.resume();
  await member.ready();
  const { pid } = member;
  await member.kill();
  expect(() => member.pid).toThrow('not running');
  await member.start();
  expect(member.pid).not.toBe(pid);
  expect(await cluster.etcdctl('get', 'before', '--print-value-only')).toBe('1\n');
  await cluster.close();
  expect(member.running).toBe(false);
  expect(existsSync(cluster.folder)).toBe(false);
});

test('a slowed fsync makes a write wait, until it is let go', async () => {
  const cluster = closeLater(await startCluster());
  const putMs = async () => {
    const start = performance.now();
    await cluster.etcdctl('put', 'k', 'v');
    return performance.now() - start;
  };
  const slow = closeLater(await slowFsync(cluster.members[0]?.pid ?? 0, 300));
  expect(await putMs()).toBeGreaterThan(300);
  await slow.stop();
  expect(await cluster.etcdctl('put', 'k', 'v')).toBe('OK\n');
});

test('the proxy carries a request, delays it, swallows it and cuts it', async () => {
  const cluster = closeLater(await startCluster());
  const proxy = closeLater(await startTcpProxy(Number(new URL(cluster.endpoints[0] ?? '').port)));
  const health = (timeoutMs: number) =>
    fetch(`http://${proxy.address}/health`, {
      signal: AbortSignal.timeout(timeoutMs),
      headers: { connection: 'close' },
    }).then((answer) => answer.status);
  expect(await health(5_000)).toBe(200);
  proxy.delay(200);
  const start = performance.now();
  expect(await health(5_000)).toBe(200);
  expect(performance.now() - start).toBeGreaterThan(390);
  proxy.heal();
  proxy.drop('fromTarget');
  await expect(health(300)).rejects.toThrow('timeout');
  proxy.cut();
  await expect(health(5_000)).rejects.toThrow('fetch failed');
  proxy.heal();
  expect(await health(5_000)).toBe(200);
});
