import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AgentError } from '../../../src/cluster/agent-error.ts';
import { createBoundedServer } from '../../../src/expose/http/limits.ts';
import { listenOnTcp } from '../../../src/expose/http/tcp-listener.ts';
import type { HttpServer } from '../../../src/expose/server.ts';
import { createAuthority, issueCertificate, type KeyPair } from '../../real/certificates.ts';
import { ask, serve, temporaryFolder } from '../support/server.ts';

describe('TLS', () => {
  let folder: string;
  let authority: KeyPair;
  let ca: string;
  let server: KeyPair;
  let client: KeyPair;
  let stranger: KeyPair;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-tls-'));
    authority = await createAuthority(folder);
    ca = await readFile(authority.cert, 'utf8');
    const other = await createAuthority(folder, 'other');
    [server, client, stranger] = await Promise.all([
      issueCertificate(folder, authority, 'server'),
      issueCertificate(folder, authority, 'client'),
      issueCertificate(folder, other, 'stranger'),
    ]);
    return () => rm(folder, { recursive: true, force: true });
  });

  async function pem(pair: KeyPair): Promise<{ cert: string; key: string }> {
    return { cert: await readFile(pair.cert, 'utf8'), key: await readFile(pair.key, 'utf8') };
  }

  /** Serial number of the certificate that is served now. */
  async function servedSerial({ address }: HttpServer): Promise<string> {
    const socket = tlsConnect({ host: address.host, port: address.port, ca, servername: 'localhost' });
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    const { serialNumber } = socket.getPeerCertificate();
    socket.destroy();
    return serialNumber;
  }

  it('lets in who has a certificate of the CA, and nobody else under a foreign name; health is open to all', async () => {
    const https = await serve({ tls: { ...server, clientCa: authority.cert } });
    const foreign = { headers: { host: 'foreign.example' }, ca };
    expect(await ask(https, '/api/v1/status', { ...foreign, ...(await pem(client)) })).toMatchObject({ status: 200 });
    expect(await ask(https, '/api/v1/status', foreign)).toMatchObject({ status: 403 });
    expect(await ask(https, '/api/v1/status', { ...foreign, ...(await pem(stranger)) })).toMatchObject({ status: 403 });
    expect(await ask(https, '/healthz', { ...foreign, ...(await pem(stranger)) })).toMatchObject({ status: 200 });
  });

  it('takes no certificate for a proof where no CA is configured', async () => {
    const https = await serve({ tls: server });
    const foreign = { headers: { host: 'foreign.example' }, ca };
    expect(await ask(https, '/api/v1/status', foreign)).toMatchObject({ status: 403 });
    expect(await ask(https, '/api/v1/status', { ...foreign, ...(await pem(client)) })).toMatchObject({ status: 403 });
  });

  it('does not speak versions before 1.2', async () => {
    const https = await serve({ tls: server });
    const { address } = https;
    const socket = tlsConnect({
      ...{ host: address.host, port: address.port, ca, servername: 'localhost' },
      ...{ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
    });
    await expect(
      new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject)),
    ).rejects.toThrow(/protocol version|alert/i);
    expect(await ask(https, '/healthz', { ca })).toMatchObject({ status: 200 });
  });

  it('serves a renewed certificate without a restart, and the old one while the new one has no key yet', async () => {
    const mine = await temporaryFolder();
    const files = { cert: join(mine, 'tls.crt'), key: join(mine, 'tls.key') };
    await copyFile(server.cert, files.cert);
    await copyFile(server.key, files.key);
    const reloads: (AgentError | undefined)[] = [];
    const https = await serve({ tls: files, onReload: (_what, error) => reloads.push(error) });
    const before = await servedSerial(https);
    const renewed = await issueCertificate(mine, authority, 'renewed');

    await copyFile(renewed.cert, files.cert);
    await https.reload();
    await https.reload();
    expect(await servedSerial(https)).toBe(before);
    expect(reloads).toMatchObject([{ code: 'TLS_FILES_INVALID' }]);

    await copyFile(renewed.key, files.key);
    await https.reload();
    expect(await servedSerial(https)).not.toBe(before);
    expect(reloads).toHaveLength(2);
    expect(reloads[1]).toBeUndefined();
  });

  it('notices a renewed certificate by itself', async () => {
    const mine = await temporaryFolder();
    const files = { cert: join(mine, 'tls.crt'), key: join(mine, 'tls.key') };
    await copyFile(server.cert, files.cert);
    await copyFile(server.key, files.key);
    const reloaded = Promise.withResolvers<void>();
    const https = await serve({ tls: files, tlsReloadMs: 20, onReload: (_what, error) => error ?? reloaded.resolve() });
    const before = await servedSerial(https);
    const renewed = await issueCertificate(mine, authority, 'renewed');
    await copyFile(renewed.cert, files.cert);
    await copyFile(renewed.key, files.key);
    await reloaded.promise;
    expect(await servedSerial(https)).not.toBe(before);
  });

  it('says at the start what is wrong with its files', async () => {
    await expect(serve({ tls: { cert: join(folder, 'none.crt'), key: server.key } })).rejects.toMatchObject({
      code: 'TLS_FILE_UNREADABLE',
      message: expect.stringContaining('none.crt'),
    });
    await expect(serve({ tls: { cert: server.cert, key: client.key } })).rejects.toMatchObject({
      code: 'TLS_FILES_INVALID',
      message: expect.stringContaining('does not belong to the certificate'),
    });
    const empty = join(folder, 'empty.pem');
    await writeFile(empty, '');
    for (const tls of [
      { cert: server.key, key: server.key },
      { cert: empty, key: server.key },
      { cert: server.cert, key: empty },
      { ...server, clientCa: empty },
      { ...server, clientCa: server.key },
    ]) {
      await expect(serve({ tls }), JSON.stringify(tls)).rejects.toMatchObject({ code: 'TLS_FILES_INVALID' });
    }
  });

  it('does not wait for ever for a client that never greets', async () => {
    const { server: bounded } = createBoundedServer(() => undefined, await pem(server), 50);
    const address = await listenOnTcp(bounded, { host: '127.0.0.1', port: 0 });
    const socket = connect(address.port, address.host);
    await once(socket, 'close');
    await new Promise((resolve) => bounded.close(resolve));
  });

  it('outlives who speaks plain HTTP to it', async () => {
    const https = await serve({ tls: server });
    await expect(ask(https, '/healthz')).rejects.toThrow();
    expect(await ask(https, '/healthz', { ca })).toMatchObject({ status: 200 });
  });

  it('leaves the Unix socket without TLS, so that it answers when certificates have expired', async () => {
    const socketPath = join(await temporaryFolder(), 'agent.sock');
    await serve({ tls: server, socketPath });
    const https = await serve({ tls: server });
    expect(await ask(https, '/api/v1/status', { socketPath })).toMatchObject({ status: 200 });
  });
});
