import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { CredentialFiles } from '../../src/etcd/credentials.ts';
import { diagnose } from '../../src/etcd/diagnose.ts';
import { parseEndpoint } from '../../src/etcd/endpoint.ts';
import { MemberClient } from '../../src/etcd/member-client.ts';
import type { MemberClientOptions } from '../../src/etcd/types.ts';
import { type RealCluster, startCluster } from '../real/cluster.ts';
import { freePort } from '../real/ports.ts';
import { startTcpProxy } from '../real/tcp-proxy.ts';

const hasIpv6 = (networkInterfaces()['lo'] ?? []).some((address) => address.family === 'IPv6');

describe('endpoints', () => {
  test.each([
    ['http://127.0.0.1:2379', { secure: false, host: '127.0.0.1', port: 2379 }],
    ['https://[::1]:12379', { secure: true, host: '::1', port: 12_379 }],
    ['https://etcd.example', { secure: true, host: 'etcd.example', port: 2379 }],
    ['https://etcd.example:443', { secure: true, host: 'etcd.example', port: 443 }],
    ['http://etcd.example:80/', { secure: false, host: 'etcd.example', port: 80 }],
    ['unix:///run/etcd.sock', { secure: false, path: '/run/etcd.sock' }],
    ['unix://localhost:1234', { secure: false, path: 'localhost:1234' }],
  ])('%s is understood', (url, expected) => {
    expect(parseEndpoint(url, 'm1')).toMatchObject(expected);
  });

  test.each([
    '127.0.0.1:2379',
    'localhost:2379',
    'ftp://host:1',
    'http://::1:2379',
    'http://host:99999',
    'http://host/path',
    '',
    'unix://',
  ])('"%s" is refused with how to write it', (url) => {
    expect(() => parseEndpoint(url, 'm1')).toThrow(
      expect.objectContaining({ code: 'ETCD_BAD_ENDPOINT', remedy: expect.stringContaining('http://host:2379') }),
    );
  });

  test.each(['http://root:hidden@host:2379', 'http://:hidden@host:2379', 'http://root:so@hidden@host:2379'])(
    'the password in %s is refused without being repeated',
    (url) => {
      expect(() => parseEndpoint(url, 'm1')).toThrow(
        expect.objectContaining({ code: 'ETCD_BAD_ENDPOINT', message: expect.not.stringContaining('hidden') }),
      );
    },
  );
});

describe('connections that do not come up', () => {
  const servers: Server[] = [];
  const sockets: Socket[] = [];

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  });

  const listen = async (greet: (socket: Socket) => void): Promise<string> => {
    const server = createServer((socket) => {
      sockets.push(socket.on('error', () => undefined));
      greet(socket);
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const failureOf = async (options: Partial<MemberClientOptions> & { endpoint: string }): Promise<unknown> => {
    const client = new MemberClient({ member: 'm1', dialTimeoutMs: 5000, ...options });
    try {
      return await client.status();
    } catch (error) {
      return error;
    } finally {
      client.close();
    }
  };

  test('a port on which nobody listens', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    expect(await failureOf({ endpoint })).toMatchObject({
      code: 'ETCD_UNREACHABLE',
      member: 'm1',
      message: `Status on member m1 (${endpoint}): the connection was refused: nothing listens there`,
      remedy: expect.any(String),
    });
  });

  test('a host that does not exist', async () => {
    expect(await failureOf({ endpoint: 'http://no-such-host.invalid:2379' })).toMatchObject({
      code: 'ETCD_ADDRESS_UNKNOWN',
    });
  });

  test('a socket that does not exist', async () => {
    expect(await failureOf({ endpoint: 'unix:///nowhere/etcd.sock' })).toMatchObject({ code: 'ETCD_UNREACHABLE' });
  });

  test('a port that accepts and says nothing', async () => {
    const endpoint = await listen(() => undefined);
    expect(await failureOf({ endpoint, dialTimeoutMs: 500 })).toMatchObject({ code: 'ETCD_DEADLINE' });
    expect(await failureOf({ endpoint: endpoint.replace('http', 'https'), dialTimeoutMs: 500 })).toMatchObject({
      code: expect.stringMatching(/DEADLINE|UNREACHABLE/),
    });
  });

  test('a TLS handshake that nobody answers ends with the client, and leaves no socket', async () => {
    const closed: Promise<unknown>[] = [];
    const endpoint = await listen((socket) => closed.push(once(socket.resume(), 'close')));
    await failureOf({ endpoint: endpoint.replace('http', 'https'), dialTimeoutMs: 200 });
    expect(closed.length).toBeGreaterThan(0);
    await Promise.all(closed);
  });

  test('whoever gives up while a failed connection is looked into, waits no longer', async () => {
    const caller = new AbortController();
    let connections = 0;
    const endpoint = await listen(() => {
      connections += 1;
      // The first connection is gRPC's, the second one finds out why it does not come up.
      if (connections === 2) caller.abort();
    });
    const client = new MemberClient({ member: 'm1', endpoint, dialTimeoutMs: 200 });
    await expect(client.status(caller.signal)).rejects.toMatchObject({ code: 'ETCD_ABORTED' });
    client.close();
    const credentials = await new CredentialFiles({ member: 'm1', secure: false }).current();
    const signal = AbortSignal.timeout(100);
    await expect(diagnose(parseEndpoint(endpoint, 'm1'), credentials, 3_600_000, signal)).resolves.toBeUndefined();
  });

  test('a port that hangs up', async () => {
    const endpoint = await listen((socket) => socket.destroy());
    expect(await failureOf({ endpoint })).toMatchObject({ code: 'ETCD_UNREACHABLE' });
  });

  test('a web server', async () => {
    const endpoint = await listen((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n'));
    });
    expect(await failureOf({ endpoint })).toMatchObject({
      code: 'ETCD_NOT_ETCD',
      message: expect.stringContaining('404'),
    });
  });

  test('a server of something else', async () => {
    const endpoint = await listen((socket) => socket.write('220 mail.example ESMTP\r\n'));
    expect(await failureOf({ endpoint })).toMatchObject({ code: 'ETCD_NOT_ETCD' });
  });

  test('a TLS endpoint for a server of something else', async () => {
    const endpoint = (await listen((socket) => socket.write('220 mail.example ESMTP\r\n'))).replace('http', 'https');
    expect(await failureOf({ endpoint })).toMatchObject({ code: 'ETCD_TLS_ON_PLAIN' });
  });
});

describe.each(['3.4', '3.5'] as const)('reaching etcd %s', (version) => {
  let cluster: RealCluster;
  let port: number;
  const listeners: string[] = [];

  beforeAll(async () => {
    const [ipv6Port, name] = [await freePort(), 'etcd.sock:0'];
    cluster = await startCluster({ version });
    port = Number(new URL(cluster.endpoints[0] ?? '').port);
    listeners.push(String(ipv6Port), name);
  });

  afterAll(() => cluster.close());

  const statusOf = async (options: Partial<MemberClientOptions> & { endpoint: string }): Promise<string> => {
    const client = new MemberClient({ member: 'm1', ...options });
    try {
      return (await client.status()).version;
    } finally {
      client.close();
    }
  };

  test('by a name with addresses of both families', async () => {
    await expect(statusOf({ endpoint: `http://localhost:${port}` })).resolves.toMatch(/^3\./);
  });

  test('TLS for a plain port is told', async () => {
    await expect(statusOf({ endpoint: `https://127.0.0.1:${port}` })).rejects.toMatchObject({
      code: 'ETCD_TLS_ON_PLAIN',
      remedy: expect.stringContaining('http://'),
    });
  });

  test("the metrics listener's port is said not to be etcd's client port", async () => {
    const metrics = new URL(cluster.members[0]?.metricsUrl ?? '').origin;
    await expect(statusOf({ endpoint: metrics })).rejects.toMatchObject({ code: 'ETCD_NOT_ETCD' });
  });

  test('no proxy is used, whatever the environment says', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    for (const name of ['http_proxy', 'https_proxy', 'grpc_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'all_proxy'])
      vi.stubEnv(name, nowhere);
    vi.stubEnv('no_proxy', '');
    vi.stubEnv('NO_PROXY', '');
    await expect(statusOf({ endpoint: `http://127.0.0.1:${port}` })).resolves.toMatch(/^3\./);
    const client = new MemberClient({ member: 'm1', endpoint: `http://127.0.0.1:${port}` });
    try {
      await expect(client.put(Buffer.from('k'), Buffer.from('v'))).resolves.toBeDefined();
    } finally {
      client.close();
    }
  });

  test('a member that is paused misses the deadline of the call, then of the dial', async () => {
    const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '', callTimeoutMs: 2000 });
    const fresh = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '', dialTimeoutMs: 500 });
    try {
      await client.status();
      cluster.members[0]?.pause();
      await expect(client.status()).rejects.toMatchObject({ code: 'ETCD_DEADLINE' });
      await expect(fresh.status()).rejects.toMatchObject({ code: 'ETCD_DEADLINE' });
    } finally {
      cluster.members[0]?.resume();
      client.close();
      fresh.close();
    }
  });

  // The same with every version of etcd.
  if (version === '3.5') {
    test("an aborted call ends at once; a signal's timeout is a deadline", async () => {
      const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
      try {
        await client.status();
        cluster.members[0]?.pause();
        const stop = new AbortController();
        const asking = client.status(stop.signal);
        stop.abort();
        await expect(asking).rejects.toMatchObject({ code: 'ETCD_ABORTED' });
        await expect(client.status(AbortSignal.timeout(100))).rejects.toMatchObject({ code: 'ETCD_DEADLINE' });
        await expect(client.put(Buffer.from('k'), Buffer.from('v'), AbortSignal.timeout(100))).rejects.toMatchObject({
          code: 'ETCD_DEADLINE',
        });
      } finally {
        cluster.members[0]?.resume();
        client.close();
      }
    });

    test('a watch on a link that has gone dead ends by keepalive', async () => {
      await using proxy = await startTcpProxy(port);
      const client = new MemberClient({
        member: 'm1',
        endpoint: `http://${proxy.address}`,
        keepaliveTimeMs: 5000,
        keepaliveTimeoutMs: 500,
      });
      try {
        const watch = client.watch({ key: Buffer.from('dead') });
        await watch.next();
        proxy.drop();
        await expect(watch.next()).rejects.toMatchObject({
          code: expect.stringMatching(/^ETCD_(UNREACHABLE|DEADLINE)$/),
        });
      } finally {
        client.close();
      }
    });
  }
});

describe.each(['3.4', '3.5'] as const)('other addresses of etcd %s', (version) => {
  test('IPv6 in brackets; a machine without IPv6 says that nobody is there', async () => {
    const ipv6 = `http://[::1]:${await freePort()}`;
    if (!hasIpv6) {
      const nobody = new MemberClient({ member: 'm1', endpoint: ipv6 });
      await expect(nobody.status()).rejects.toMatchObject({ code: 'ETCD_UNREACHABLE' });
      nobody.close();
      return;
    }
    await using cluster = await startCluster({
      version,
      extraArgs: ['--listen-client-urls', ipv6, '--advertise-client-urls', ipv6],
    });
    const client = new MemberClient({ member: cluster.members[0]?.name ?? '', endpoint: ipv6 });
    try {
      await expect(client.status()).resolves.toBeDefined();
      await expect(client.put(Buffer.from('k'), Buffer.from('v'))).resolves.toBeDefined();
      expect((await client.memberList()).members[0]?.clientUrls).toEqual([ipv6]);
    } finally {
      client.close();
    }
  });

  test('a Unix socket', async () => {
    // Etcd takes the URL's host for the name of the socket, in its working directory.
    const name = `localhost:${await freePort()}`;
    await using cluster = await startCluster({ version, extraArgs: ['--listen-client-urls', `unix://${name}`] });
    const client = new MemberClient({
      member: cluster.members[0]?.name ?? '',
      endpoint: `unix://${join(process.cwd(), name)}`,
    });
    try {
      await expect(client.status()).resolves.toBeDefined();
      await expect(client.put(Buffer.from('k'), Buffer.from('v'))).resolves.toBeDefined();
    } finally {
      client.close();
    }
  });
});
