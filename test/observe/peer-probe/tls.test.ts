import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecureVersion } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseEndpoint } from '../../../src/observe/endpoint-url.ts';
import { type PeerExchange, probePeer } from '../../../src/observe/peer-probe/exchange.ts';
import { TlsCredentials, type TlsFiles } from '../../../src/observe/tls-credentials.ts';
import { createAuthority, type KeyPair } from '../../real/certificates.ts';
import { issueUnusual } from '../x509/issue.ts';
import { asEtcd, startFakePeer } from './fake-peer.ts';

let folder: string;
let authority: KeyPair;
let good: KeyPair;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-tls-'));
  authority = await createAuthority(folder);
  good = await issueUnusual(folder, authority, 'good');
});

afterAll(() => rm(folder, { recursive: true }));

const probe = async (url: string, files: TlsFiles): Promise<PeerExchange> => {
  const target = parseEndpoint(url);
  if (target === undefined) {
    throw new Error(`not a URL: ${url}`);
  }
  const signal = AbortSignal.timeout(60_000);
  return await probePeer(target, { credentials: new TlsCredentials(files), timeoutMs: 20_000, signal });
};

const summary = ({ outcomes }: PeerExchange): Record<string, string> =>
  Object.fromEntries(
    [...outcomes].map(([name, outcome]) => [
      name,
      outcome.kind === 'measured' ? 'measured' : `${outcome.kind} ${outcome.fault.code}`,
    ]),
  );

const pem = async ({ cert, key }: KeyPair): Promise<{ cert: Buffer; key: Buffer }> => ({
  cert: await readFile(cert),
  key: await readFile(key),
});

const probeServing = async (pair: KeyPair, files: TlsFiles, name = '127.0.0.1'): Promise<Record<string, string>> => {
  await using peer = await startFakePeer(asEtcd(), { tls: await pem(pair) });
  return summary(await probe(peer.url.replace('127.0.0.1', name), files));
};

test('a peer with a good certificate is measured on all three layers, each with its own time', async () => {
  await using peer = await startFakePeer(asEtcd(), { tls: await pem(good) });
  const exchange = await probe(peer.url, { ca: authority.cert });
  expect(summary(exchange)).toEqual({ tcp: 'measured', tls: 'measured', http: 'measured' });
  expect(exchange.clock).toBeDefined();
});

test('an expired certificate fails TLS and what is above it, not TCP', async () => {
  const expired = await issueUnusual(folder, authority, 'expired', { days: -1 });
  expect(await probeServing(expired, { ca: authority.cert })).toEqual({
    tcp: 'measured',
    tls: 'failed PEER_CERT_EXPIRED',
    http: 'failed PEER_CERT_EXPIRED',
  });
});

test('a certificate from another authority, or for another name, has its own code', async () => {
  const other = await createAuthority(folder, 'other');
  expect(await probeServing(good, { ca: other.cert })).toMatchObject({ tls: 'failed PEER_CERT_UNTRUSTED' });
  const elsewhere = await issueUnusual(folder, authority, 'elsewhere', { names: 'DNS:etcd-7.example,IP:192.0.2.7' });
  expect(await probeServing(elsewhere, { ca: authority.cert })).toMatchObject({
    tls: 'failed PEER_CERT_NAME_MISMATCH',
  });
  expect(await probeServing(elsewhere, { ca: authority.cert }, 'localhost')).toMatchObject({
    tls: 'failed PEER_CERT_NAME_MISMATCH',
  });
  const named = { ca: authority.cert, serverName: 'etcd-7.example' };
  expect(await probeServing(elsewhere, named)).toMatchObject({ http: 'measured' });
});

test('without an authority to verify with, round trips are measured all the same', async () => {
  const expired = await issueUnusual(folder, authority, 'unverified', { days: -1 });
  expect(await probeServing(expired, {})).toEqual({ tcp: 'measured', tls: 'measured', http: 'measured' });
});

test('http to a TLS port fails HTTP alone', async () => {
  await using peer = await startFakePeer(asEtcd(), { tls: await pem(good) });
  const { outcomes } = await probe(peer.url.replace('https:', 'http:'), {});
  expect([...outcomes].map(([name, { kind }]) => [name, kind])).toEqual([
    ['tcp', 'measured'],
    ['http', 'failed'],
  ]);
});

const probeAsking = async (version: SecureVersion, files: TlsFiles): Promise<Record<string, string>> => {
  const server = createServer(
    {
      ...(await pem(good)),
      ca: await readFile(authority.cert),
      requestCert: true,
      rejectUnauthorized: true,
      maxVersion: version,
    },
    asEtcd(),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    return summary(await probe(`https://127.0.0.1:${port}`, { ca: authority.cert, ...files }));
  } finally {
    server.closeAllConnections();
    server.close();
  }
};

test('a peer that asks for a certificate which the agent lacks is not blamed for it', async () => {
  expect(await probeAsking('TLSv1.3', {})).toEqual({
    tcp: 'measured',
    tls: 'measured',
    http: 'impossible PEER_CLIENT_CERT_REQUIRED',
  });
  expect(await probeAsking('TLSv1.3', good)).toMatchObject({ http: 'measured' });
  expect(await probeAsking('TLSv1.2', good)).toMatchObject({ http: 'measured' });
});

test('files of the agent that cannot be used are not the fault of the peer', async () => {
  const files = { cert: good.cert, key: authority.key };
  expect(await probeServing(good, files)).toEqual({
    tcp: 'measured',
    tls: 'impossible TLS_FILES',
    http: 'impossible TLS_FILES',
  });
});
