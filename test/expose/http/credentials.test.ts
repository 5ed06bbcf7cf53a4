import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AgentError } from '../../../src/cluster/agent-error.ts';
import type { HttpServer } from '../../../src/expose/server.ts';
import { createAuthority, issueCertificate, type KeyPair } from '../../real/certificates.ts';
import { ask, newToken, serve, temporaryFolder } from '../support/server.ts';

/** An address of this machine that is not loopback. */
function outsideAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.internal === false && address.family === 'IPv4')?.address;
}

describe('the bearer token', () => {
  it('is asked for when the request comes from elsewhere, except for health', async ({ skip }) => {
    const host = outsideAddress();
    if (host === undefined) {
      return skip('this machine has no address but loopback');
    }
    const tokenFile = join(await temporaryFolder(), 'token');
    const token = newToken();
    await writeFile(tokenFile, `${token}\n`);
    const server = await serve({ listen: { host, port: 0 }, tokenFile });
    expect(await ask(server, '/healthz')).toMatchObject({ status: 200 });
    // Who may not read learns only the code.
    expect(await ask(server, '/readyz')).toMatchObject({ status: 200, body: 'READY\n' });
    expect(await ask(server, '/metrics')).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': expect.stringContaining('Bearer') },
    });
    const bearer = (value: string): { headers: Record<string, string> } => ({ headers: { authorization: value } });
    expect(await ask(server, '/metrics', bearer('Bearer wrong'))).toMatchObject({ status: 401 });
    expect(await ask(server, '/metrics', bearer(`Basic ${token}`))).toMatchObject({ status: 401 });
    expect(await ask(server, '/metrics', bearer(`Bearer ${token.slice(0, -1)}`))).toMatchObject({ status: 401 });
    expect(await ask(server, '/metrics', bearer(`bearer ${token}`))).toMatchObject({ status: 200 });
  });

  it('is read again when its file changes, and none is right while it cannot be read', async () => {
    const tokenFile = join(await temporaryFolder(), 'token');
    const [first, second] = [newToken(), newToken()];
    await writeFile(tokenFile, first);
    const reloads: (string | undefined)[] = [];
    const server = await serve({ tokenFile, onReload: (what, error) => reloads.push(`${what} ${error?.code}`) });
    // Under a foreign name, loopback needs the token too.
    const statusWith = async (token: string): Promise<number> =>
      (await ask(server, '/metrics', { headers: { host: 'foreign.example', authorization: `Bearer ${token}` } }))
        .status;
    expect(await statusWith(first)).toBe(200);
    await writeFile(tokenFile, second);
    expect([await statusWith(first), await statusWith(second)]).toEqual([403, 200]);
    await rm(tokenFile);
    expect(await statusWith(second)).toBe(403);
    expect(reloads).toEqual(['token undefined', 'token TOKEN_FILE_UNREADABLE']);
  });

  it('must be there and long enough at the start', async () => {
    const tokenFile = join(await temporaryFolder(), 'token');
    await expect(serve({ tokenFile })).rejects.toMatchObject({ code: 'TOKEN_FILE_UNREADABLE' });
    await writeFile(tokenFile, 'short\n');
    await expect(serve({ tokenFile })).rejects.toMatchObject({ code: 'TOKEN_TOO_SHORT' });
  });
});

describe('TLS', () => {
  let folder: string;
  let authority: KeyPair;
  let ca: string;
  let server: KeyPair;
  let client: KeyPair;
  let stranger: KeyPair;

  beforeAll(async () => {
    const { mkdtemp } = await import('node:fs/promises');
    const { tmpdir } = await import('node:os');
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
      message: expect.stringContaining('is not of the key'),
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
