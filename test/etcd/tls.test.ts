import { copyFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { MemberClient } from '../../src/etcd/member-client.ts';
import type { TlsFiles } from '../../src/etcd/types.ts';
import { issueUnusual } from '../observe/x509/issue.ts';
import { type Certificates, createAuthority, issueCertificate, type KeyPair } from '../real/certificates.ts';
import { type RealCluster, startCluster } from '../real/cluster.ts';

/** A little longer than the files are looked at. */
const AFTER_A_LOOK_MS = 1100;

describe.each(['3.4', '3.5'] as const)('TLS, on etcd %s', (version) => {
  let cluster: RealCluster;
  let certs: Certificates;
  let folder: string;
  let strangeAuthority: KeyPair;
  const clients: MemberClient[] = [];

  const connect = (tls?: TlsFiles, endpoint = cluster.endpoints[0] ?? ''): MemberClient => {
    const client = new MemberClient({ member: 'm1', endpoint, ...(tls === undefined ? {} : { tls }) });
    clients.push(client);
    return client;
  };
  /** Etcd reads its certificate at every handshake, so the server's can be exchanged while it runs. */
  const serveWith = async (pair: KeyPair): Promise<void> => {
    await copyFile(pair.key, certs.serverKey);
    await copyFile(pair.cert, certs.serverCert);
  };

  beforeAll(async () => {
    cluster = await startCluster({ version, tls: 'mtls' });
    if (cluster.certs === undefined) throw new Error('the cluster has no certificates');
    certs = cluster.certs;
    folder = await mkdtemp(join(tmpdir(), 'caretaker-tls-'));
    strangeAuthority = await createAuthority(folder, 'strange');
  });

  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });

  afterAll(async () => {
    await cluster.close();
    await rm(folder, { recursive: true, force: true });
  });

  const good = (): TlsFiles => ({ ca: certs.ca, cert: certs.cert, key: certs.key });

  test('with the right certificates every kind of call works', async () => {
    const client = connect(good());
    await expect(client.status()).resolves.toBeDefined();
    await expect(client.put(Buffer.from('k'), Buffer.from('v'))).resolves.toBeDefined();
    expect((await client.memberList()).linearizable).toBe(true);
    let bytes = 0;
    for await (const chunk of client.snapshot()) bytes += chunk.blob.length;
    expect(bytes).toBeGreaterThan(10_000);
  });

  test('a plain endpoint for a TLS port is told from an unreachable one', async () => {
    const endpoint = (cluster.endpoints[0] ?? '').replace('https:', 'http:');
    await expect(connect(undefined, endpoint).status()).rejects.toMatchObject({
      code: 'ETCD_PLAIN_ON_TLS',
      remedy: expect.stringContaining('https://'),
    });
  });

  test('no client certificate is said to be missing', async () => {
    await expect(connect({ ca: certs.ca }).status()).rejects.toMatchObject({ code: 'ETCD_CLIENT_CERT_REQUIRED' });
  });

  test('a client certificate of another CA is said to be refused', async () => {
    const pair = await issueCertificate(folder, strangeAuthority, 'strange-client');
    await expect(connect({ ca: certs.ca, ...pair }).status()).rejects.toMatchObject({
      code: 'ETCD_CLIENT_CERT_REFUSED',
    });
  });

  test('an expired client certificate is said to be refused', async () => {
    const authority = { cert: certs.ca, key: certs.caKey };
    const pair = await issueUnusual(folder, authority, 'old-client', { days: -1 });
    await expect(connect({ ca: certs.ca, ...pair }).status()).rejects.toMatchObject({
      code: 'ETCD_CLIENT_CERT_REFUSED',
    });
  });

  test('a server certificate of an unknown CA is not trusted, with or without a CA file', async () => {
    const wrong = connect({ ...good(), ca: strangeAuthority.cert });
    await expect(wrong.status()).rejects.toMatchObject({ code: 'ETCD_TLS_UNTRUSTED' });
    const { cert, key } = certs;
    await expect(connect({ cert, key }).status()).rejects.toMatchObject({ code: 'ETCD_TLS_UNTRUSTED' });
  });

  test('an expired or misnamed server certificate is said to be that', async () => {
    const authority = { cert: certs.ca, key: certs.caKey };
    const kept = { cert: join(folder, 'kept.crt'), key: join(folder, 'kept.key') };
    await copyFile(certs.serverCert, kept.cert);
    await copyFile(certs.serverKey, kept.key);
    try {
      await serveWith(await issueUnusual(folder, authority, 'expired', { days: -1 }));
      await expect(connect(good()).status()).rejects.toMatchObject({ code: 'ETCD_TLS_EXPIRED' });
      await serveWith(await issueCertificate(folder, authority, 'misnamed', { names: 'DNS:etcd.example' }));
      await expect(connect(good()).status()).rejects.toMatchObject({
        code: 'ETCD_TLS_WRONG_NAME',
        message: expect.stringContaining('etcd.example'),
      });
      const named = connect({ ...good(), serverName: 'etcd.example' });
      await expect(named.status()).resolves.toBeDefined();
      await expect(named.put(Buffer.from('k'), Buffer.from('v'))).resolves.toBeDefined();
    } finally {
      await serveWith(kept);
    }
  });

  test.each([
    ['a missing file', { ca: '/nowhere/ca.crt' }, '/nowhere/ca.crt'],
    ['a directory', { ca: tmpdir() }, tmpdir()],
  ])('%s where a certificate should be is one clear error', async (_, tls, path) => {
    await expect(connect({ ...good(), ...tls }).status()).rejects.toMatchObject({
      code: 'ETCD_CERT_UNREADABLE',
      message: expect.stringContaining(path),
    });
  });

  test('no warning of Node is caused by an address in the endpoint', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): number => warnings.push(warning);
    process.on('warning', note);
    await connect(good()).status();
    await connect({ ...good(), ca: strangeAuthority.cert })
      .status()
      .catch(() => undefined);
    await sleep(10);
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  test('garbage, or the key of another certificate, is one clear error', async () => {
    const garbage = join(folder, 'garbage.crt');
    await writeFile(garbage, 'not a certificate');
    await expect(connect({ ...good(), cert: garbage }).status()).rejects.toMatchObject({
      code: 'ETCD_CERT_UNREADABLE',
    });
    const mixed = connect({ ...good(), key: certs.serverKey });
    await expect(mixed.status()).rejects.toMatchObject({ code: 'ETCD_CERT_UNREADABLE' });
  });

  test('hazard 6: certificates swapped as Kubernetes does are used from then on, and calls under way go on', async () => {
    // Kubernetes: files are links into ..data, and ..data is a link that is exchanged.
    const mount = await mkdtemp(join(folder, 'mount-'));
    const authority = { cert: certs.ca, key: certs.caKey };
    const [first, second] = await Promise.all([
      issueCertificate(folder, authority, 'first', { commonName: 'first' }),
      issueCertificate(folder, authority, 'second', { commonName: 'second' }),
    ]);
    const publish = async (name: string, pair: KeyPair): Promise<void> => {
      await mkdir(join(mount, name));
      await copyFile(pair.cert, join(mount, name, 'tls.crt'));
      await copyFile(pair.key, join(mount, name, 'tls.key'));
      await symlink(name, join(mount, '..new'));
      await rename(join(mount, '..new'), join(mount, '..data'));
    };
    await publish('one', first);
    for (const name of ['tls.crt', 'tls.key']) await symlink(join('..data', name), join(mount, name));
    const client = connect({ ca: certs.ca, cert: join(mount, 'tls.crt'), key: join(mount, 'tls.key') });
    const watch = client.watch({ key: Buffer.from('rotating') });
    expect((await watch.next()).value?.kind).toBe('created');

    await publish('two', second);
    await rm(join(mount, 'one'), { recursive: true });
    await sleep(AFTER_A_LOOK_MS);
    await client.put(Buffer.from('rotating'), Buffer.from('1'));
    expect((await watch.next()).value?.events[0]?.kv.value.toString()).toBe('1');
    expect(client.credentialFault).toBeUndefined();

    // A certificate that etcd refuses shows that new calls go with the new files, while the watch goes on with the old.
    await publish('three', await issueCertificate(folder, strangeAuthority, 'third'));
    await sleep(AFTER_A_LOOK_MS);
    await expect(client.status()).rejects.toMatchObject({ code: 'ETCD_CLIENT_CERT_REFUSED' });
    await connect(good()).put(Buffer.from('rotating'), Buffer.from('2'));
    expect((await watch.next()).value?.events[0]?.kv.value.toString()).toBe('2');
    await watch.return();
  });

  test('a half written renewal leaves the former certificates in use, and is told', async () => {
    const pair = { cert: join(folder, 'live.crt'), key: join(folder, 'live.key') };
    await copyFile(certs.cert, pair.cert);
    await copyFile(certs.key, pair.key);
    const client = connect({ ca: certs.ca, ...pair });
    await client.status();
    await writeFile(pair.cert, '-----BEGIN CERTIFICATE-----\nMII');
    await sleep(AFTER_A_LOOK_MS);
    await expect(client.status()).resolves.toBeDefined();
    expect(client.credentialFault).toMatchObject({ code: 'ETCD_CERT_UNREADABLE' });
    await copyFile(certs.cert, pair.cert);
    await sleep(AFTER_A_LOOK_MS);
    await expect(client.status()).resolves.toBeDefined();
    expect(client.credentialFault).toBeUndefined();
  });

  test('a client that began with the wrong CA works once the file is right', async () => {
    const ca = join(folder, 'changing-ca.crt');
    await copyFile(strangeAuthority.cert, ca);
    const client = connect({ ...good(), ca });
    await expect(client.status()).rejects.toMatchObject({ code: 'ETCD_TLS_UNTRUSTED' });
    await copyFile(certs.ca, ca);
    await sleep(AFTER_A_LOOK_MS);
    await expect(client.status()).resolves.toBeDefined();
  });
});
