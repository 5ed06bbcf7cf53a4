import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { parseEndpoint } from '../../../src/observe/endpoint-url.ts';
import { type PeerExchange, probePeer } from '../../../src/observe/peer-probe/exchange.ts';
import { TlsCredentials } from '../../../src/observe/tls-credentials.ts';
import { freePort } from '../../real/ports.ts';
import { startTcpProxy } from '../../real/tcp-proxy.ts';
import { asEtcd, startFakePeer } from './fake-peer.ts';

const probe = async (url: string, timeoutMs = 20_000): Promise<PeerExchange> => {
  const target = parseEndpoint(url);
  if (target === undefined) {
    throw new Error(`not a URL: ${url}`);
  }
  const signal = AbortSignal.timeout(60_000);
  return await probePeer(target, { credentials: new TlsCredentials(), timeoutMs, signal });
};

/** `measured`, or the code of the fault, by probe. */
const summary = ({ outcomes }: PeerExchange): Record<string, string> =>
  Object.fromEntries(
    [...outcomes].map(([name, outcome]) => [name, outcome.kind === 'measured' ? 'measured' : outcome.fault.code]),
  );

const answering = async (answer: RequestListener): Promise<Record<string, string>> => {
  await using peer = await startFakePeer(answer);
  return summary(await probe(peer.url));
};

test('a plain peer is measured by TCP and HTTP, and has no TLS', async () => {
  await using peer = await startFakePeer(asEtcd());
  const exchange = await probe(peer.url);
  expect(summary(exchange)).toEqual({ tcp: 'measured', http: 'measured' });
  expect(Math.abs(exchange.clock?.skewSeconds ?? 1)).toBeLessThanOrEqual((exchange.clock?.errorSeconds ?? 0) + 0.001);
});

test('a peer with an IPv6 address is reached', async () => {
  await using peer = await startFakePeer(asEtcd(), { host: '::1' });
  expect(summary(await probe(peer.url))).toEqual({ tcp: 'measured', http: 'measured' });
});

test('a clock that is an hour ahead is seen, to half the round trip', async () => {
  await using peer = await startFakePeer(asEtcd(3600));
  const { clock } = await probe(peer.url);
  expect(Math.abs((clock?.skewSeconds ?? 0) - 3600)).toBeLessThanOrEqual((clock?.errorSeconds ?? 0) + 0.001);
});

test('without the time in the answer the Date header gives the skew, to half a second', async () => {
  await using peer = await startFakePeer((_, response) => {
    response.setHeader('date', new Date(Date.now() - 60_000).toUTCString()).end('{"OK":true}');
  });
  const { clock } = await probe(peer.url);
  expect(clock?.errorSeconds).toBeGreaterThan(0.5);
  expect(Math.abs((clock?.skewSeconds ?? 0) + 60)).toBeLessThanOrEqual((clock?.errorSeconds ?? 0) + 0.001);
});

test('a slow link shows in the HTTP round trip, and not in the TCP connection to what is near', async () => {
  await using peer = await startFakePeer(asEtcd());
  await using proxy = await startTcpProxy(peer.port);
  // 30 ms each way; a timer of Node may fire a millisecond early.
  proxy.delay(30);
  const { outcomes } = await probe(`http://${proxy.address}`);
  const http = outcomes.get('http');
  expect(http?.kind === 'measured' && http.seconds).toBeGreaterThanOrEqual(0.05);
});

test('an answer that is not from etcd is a failure of HTTP alone, with a code', async () => {
  const garbage = { tcp: 'measured', http: 'PEER_ANSWER_INVALID' };
  expect(await answering((_, response) => response.end('<html>Welcome to nginx!</html>'))).toEqual(garbage);
  expect(await answering((_, response) => response.end('{"OK":false}'))).toEqual(garbage);
  expect(await answering((_, response) => response.end('null'))).toEqual(garbage);
  expect(await answering((_, response) => response.end('x'.repeat(100_000)))).toEqual(garbage);
  expect(await answering((_, response) => response.writeHead(404).end())).toEqual({
    tcp: 'measured',
    http: 'PEER_HTTP_STATUS',
  });
  expect(await answering((request) => request.socket.destroy())).toEqual({ tcp: 'measured', http: 'PEER_CLOSED' });
});

test('what does not speak HTTP, speaks it without end, or says nothing, fails with a code and in time', async () => {
  const speaking = async (behave: (socket: Socket) => void, timeoutMs = 1_000): Promise<Record<string, string>> => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      behave(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      return summary(await probe(`http://127.0.0.1:${port}`, timeoutMs));
    } finally {
      for (const socket of sockets) {
        socket.destroy();
      }
      server.close();
    }
  };
  expect(await speaking((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'), 20_000)).toMatchObject({
    http: 'PEER_ANSWER_INVALID',
  });
  expect(await speaking((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{'))).toMatchObject({
    http: 'PEER_TIMEOUT',
  });
  expect(await speaking(() => undefined)).toEqual({ tcp: 'measured', http: 'PEER_TIMEOUT' });
});

test('a refused connection fails every probe', async () => {
  expect(summary(await probe(`https://127.0.0.1:${await freePort()}`))).toEqual({
    tcp: 'PEER_REFUSED',
    tls: 'PEER_REFUSED',
    http: 'PEER_REFUSED',
  });
});

test('a name that does not resolve says so', async () => {
  expect(summary(await probe('http://peer.invalid:2380'))).toEqual({
    tcp: 'PEER_NAME_UNRESOLVED',
    http: 'PEER_NAME_UNRESOLVED',
  });
});

test('https to a plain port says that it does not speak TLS', async () => {
  await using peer = await startFakePeer(asEtcd());
  expect(summary(await probe(peer.url.replace('http:', 'https:')))).toEqual({
    tcp: 'measured',
    tls: 'PEER_NOT_TLS',
    http: 'PEER_NOT_TLS',
  });
});

test('a probe that is aborted ends with the reason', async () => {
  const target = parseEndpoint('http://127.0.0.1:9');
  const signal = AbortSignal.abort(new Error('stopped'));
  const credentials = new TlsCredentials();
  await expect(target && probePeer(target, { credentials, timeoutMs: 100, signal })).rejects.toThrow('stopped');
});
