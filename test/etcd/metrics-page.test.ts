import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { fetchMetricsPage, type MetricsPageRequest } from '../../src/etcd/metrics-page.ts';
import { startCluster } from '../real/cluster.ts';
import { freePort } from '../real/ports.ts';

const FSYNC = 'etcd_disk_wal_fsync_duration_seconds';
const FAMILIES = [FSYNC, 'etcd_server_quota_backend_bytes', 'etcd_server_has_leader'];

const read = (request: Partial<MetricsPageRequest> & { url: string }) =>
  fetchMetricsPage({ member: 'm1', families: FAMILIES, ...request });

describe.each(['3.4', '3.5'] as const)('the metrics page of etcd %s', (version) => {
  test('is read to the families that are wanted, without a proxy', async () => {
    await using cluster = await startCluster({ version, quotaBytes: 64 * 1024 * 1024 });
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    for (const name of ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY']) vi.stubEnv(name, nowhere);
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    const page = await read({ url: cluster.members[0]?.metricsUrl ?? '' });
    expect([...page.samples.keys()].toSorted()).toEqual(
      [
        `${FSYNC}_bucket`,
        `${FSYNC}_count`,
        `${FSYNC}_sum`,
        'etcd_server_has_leader',
        'etcd_server_quota_backend_bytes',
      ].toSorted(),
    );
    expect(page.samples.get('etcd_server_quota_backend_bytes')?.[0]?.value).toBe(64 * 1024 * 1024);
    const buckets = page.samples.get(`${FSYNC}_bucket`) ?? [];
    expect(buckets.at(-1)).toMatchObject({
      labels: { le: '+Inf' },
      value: page.samples.get(`${FSYNC}_count`)?.[0]?.value,
    });
    expect(Math.abs(page.readAtMs - Date.now())).toBeLessThan(60_000);
  });

  test('is read over mTLS, and each failure of TLS is told apart', async () => {
    await using cluster = await startCluster({ version, tls: 'mtls' });
    const { ca, cert, key, peerCert } = cluster.certs ?? { ca: '', cert: '', key: '', peerCert: '' };
    const url = `${cluster.endpoints[0]}/metrics`;
    const page = await read({ url, tls: { ca, cert, key } });
    expect(page.samples.get('etcd_server_has_leader')?.[0]?.value).toBe(1);
    await expect(read({ url, tls: { cert, key } })).rejects.toMatchObject({ code: 'ETCD_TLS_UNTRUSTED' });
    await expect(read({ url, tls: { ca } })).rejects.toMatchObject({ code: 'ETCD_CLIENT_CERT_REQUIRED' });
    await expect(read({ url, tls: { ca: '/nowhere', cert, key } })).rejects.toMatchObject({
      code: 'ETCD_CERT_UNREADABLE',
    });
    await expect(read({ url, tls: { ca, cert: peerCert, key } })).rejects.toMatchObject({
      code: 'ETCD_CERT_UNREADABLE',
    });
    await expect(read({ url: url.replace('https', 'http') })).rejects.toMatchObject({ code: 'ETCD_PLAIN_ON_TLS' });
    const metrics = cluster.members[0]?.metricsUrl ?? '';
    await expect(read({ url: metrics.replace('http', 'https') })).rejects.toMatchObject({ code: 'ETCD_TLS_ON_PLAIN' });
    await expect(read({ url: metrics.replace('/metrics', '/wrong') })).rejects.toMatchObject({
      code: 'ETCD_METRICS_REFUSED',
    });
  });
});

describe('a metrics page that is none', () => {
  const servers: Server[] = [];

  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }
  });

  const serve = async (listener: RequestListener): Promise<string> => {
    const server = createServer(listener).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  };

  test('that is cut off in the middle is said to be', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('etcd_server_has_leader 1\n', () => response.destroy());
    });
    await expect(read({ url })).rejects.toMatchObject({
      code: 'ETCD_METRICS_GARBLED',
      message: expect.stringContaining('cut off'),
    });
  });

  test('that ends within a line is said to', async () => {
    const url = await serve((_, response) => response.end('etcd_server_has_leader 1\netcd_server_quota'));
    await expect(read({ url })).rejects.toMatchObject({
      code: 'ETCD_METRICS_GARBLED',
      message: expect.stringContaining('line 2'),
    });
  });

  test('that is a web page is shown with the line and what was found', async () => {
    const url = await serve((_, response) => response.end('<!doctype html>\n<p>hello\n'));
    await expect(read({ url })).rejects.toMatchObject({
      code: 'ETCD_METRICS_GARBLED',
      member: 'm1',
      message: expect.stringMatching(/line 1: .*doctype/),
      remedy: expect.stringContaining('metricsUrl'),
    });
  });

  test('that never ends is given up at the limit', async () => {
    const url = await serve((_, response) => {
      const write = (): void => {
        if (!response.destroyed) response.write('m 1\n'.repeat(1000), () => setImmediate(write));
      };
      write();
    });
    await expect(read({ url, maxBytes: 100_000 })).rejects.toMatchObject({
      code: 'ETCD_METRICS_GARBLED',
      message: expect.stringContaining('larger than 100000 bytes'),
    });
  });

  test('that stalls is given up at the deadline, or when the caller stops', async () => {
    const url = await serve((_, response) => response.write('m 1\n'));
    await expect(read({ url, timeoutMs: 200 })).rejects.toMatchObject({ code: 'ETCD_DEADLINE' });
    await expect(read({ url, signal: AbortSignal.timeout(100) })).rejects.toMatchObject({ code: 'ETCD_DEADLINE' });
    await expect(read({ url, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ETCD_ABORTED' });
  });

  test('that is refused says with which status', async () => {
    const url = await serve((_, response) => response.writeHead(403).end('no'));
    await expect(read({ url })).rejects.toMatchObject({
      code: 'ETCD_METRICS_REFUSED',
      message: expect.stringContaining('403'),
    });
  });

  test('at a port on which nobody listens, or under no URL at all', async () => {
    const url = `http://127.0.0.1:${await freePort()}/metrics`;
    await expect(read({ url })).rejects.toMatchObject({ code: 'ETCD_UNREACHABLE' });
    await expect(read({ url: '127.0.0.1:2379/metrics' })).rejects.toMatchObject({ code: 'ETCD_BAD_ENDPOINT' });
    await expect(read({ url: url.replace('//', '//user:hidden@') })).rejects.toMatchObject({
      message: expect.not.stringContaining('hidden'),
    });
  });
});
