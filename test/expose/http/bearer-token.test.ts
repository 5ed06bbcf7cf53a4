import { rm, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ask, newToken, serve, temporaryFolder } from '../support/server.ts';

/** An address of this machine that is not loopback. */
function outsideAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.internal === false && address.family === 'IPv4')?.address;
}

describe('the bearer token', () => {
  it('is asked for when the request comes from elsewhere, except for health', async () => {
    // On a machine without a network, what a proxy passes on stands for what comes from elsewhere.
    const host = outsideAddress() ?? '127.0.0.1';
    const elsewhere = { 'x-forwarded-for': '192.0.2.1' };
    const tokenFile = join(await temporaryFolder(), 'token');
    const token = newToken();
    await writeFile(tokenFile, `${token}\n`);
    const server = await serve({ listen: { host, port: 0 }, tokenFile });
    expect(await ask(server, '/healthz')).toMatchObject({ status: 200 });
    // Who may not read learns only the code.
    expect(await ask(server, '/readyz', { headers: elsewhere })).toMatchObject({ status: 200, body: 'READY\n' });
    expect(await ask(server, '/metrics', { headers: elsewhere })).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': expect.stringContaining('Bearer') },
    });
    const bearer = (value: string): { headers: Record<string, string> } => ({
      headers: { ...elsewhere, authorization: value },
    });
    expect(await ask(server, '/metrics', bearer('Bearer wrong'))).toMatchObject({ status: 401 });
    expect(await ask(server, '/metrics', bearer(`Basic ${token}`))).toMatchObject({ status: 401 });
    expect(await ask(server, '/metrics', bearer(`Bearer ${token.slice(0, -1)}`))).toMatchObject({ status: 401 });
    expect(await ask(server, '/metrics', bearer(`bearer ${token}`))).toMatchObject({ status: 200 });
  });

  it('may be one that is good for reading alone', async () => {
    const folder = await temporaryFolder();
    const [token, readToken] = [newToken(), newToken()];
    const [tokenFile, readTokenFile] = [join(folder, 'token'), join(folder, 'read-token')];
    await writeFile(tokenFile, token);
    await writeFile(readTokenFile, readToken);
    const server = await serve({ tokenFile, readTokenFile });
    const headersWith = (value: string) => ({ 'x-forwarded-for': '192.0.2.1', authorization: `Bearer ${value}` });
    for (const value of [token, readToken]) {
      expect(await ask(server, '/metrics', { headers: headersWith(value) })).toMatchObject({ status: 200 });
    }
    expect(await ask(server, '/metrics', { headers: headersWith('wrong') })).toMatchObject({ status: 401 });
    const pause = { method: 'POST', body: '{}' };
    expect(await ask(server, '/api/v1/pause', { ...pause, headers: headersWith(readToken) })).toMatchObject({
      status: 403,
      body: expect.stringContaining('TOKEN_READS_ONLY'),
    });
    // Past the door: what it says there is no matter of rights.
    expect((await ask(server, '/api/v1/pause', { ...pause, headers: headersWith(token) })).status).not.toBe(403);
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
