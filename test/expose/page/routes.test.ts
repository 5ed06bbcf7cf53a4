import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, serve } from '../support/server.ts';

const TOKEN = 'a-token-of-this-test';
const READ_TOKEN = 'a-token-that-only-reads';

let pageFolder: string;
beforeAll(async () => {
  pageFolder = await mkdtemp(join(tmpdir(), 'caretaker-page-'));
  await writeFile(join(pageFolder, 'index.html'), '<!doctype html><title>etcd-caretaker</title>');
  await writeFile(join(pageFolder, 'page.js'), 'document.title = "there";');
  await writeFile(join(pageFolder, 'page.css'), 'body { color: red }');
  await writeFile(join(pageFolder, 'token'), TOKEN);
  await writeFile(join(pageFolder, 'read-token'), READ_TOKEN);
});
afterAll(() => rm(pageFolder, { recursive: true }));

const aBrowser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
/** Somebody else's request that a proxy on this machine passes on: it needs credentials. */
const aStranger = { 'x-forwarded-for': '192.0.2.1' };

describe('the status page', () => {
  it('is served with a policy that lets nothing be run but its own script', async () => {
    const server = await serve({ pageFolder });
    const { status, headers, body } = await ask(server, '/', { headers: aBrowser });
    expect({ status, type: headers['content-type'], body }).toEqual({
      status: 200,
      type: 'text/html; charset=utf-8',
      body: '<!doctype html><title>etcd-caretaker</title>',
    });
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(headers).toMatchObject({ 'x-frame-options': 'DENY', 'cross-origin-opener-policy': 'same-origin' });
    expect(await ask(server, '/page.js')).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/javascript; charset=utf-8' },
    });
    expect(await ask(server, '/page.css')).toMatchObject({ headers: { 'content-type': 'text/css; charset=utf-8' } });
  });

  it('is sent once, and small', async () => {
    const server = await serve({ pageFolder });
    const first = await ask(server, '/page.js');
    const etag = String(first.headers['etag']);
    const again = await ask(server, '/page.js', { headers: { 'if-none-match': etag } });
    expect(again).toMatchObject({ status: 304, body: '' });
    expect(again.headers['content-length']).toBeUndefined();
    const changed = await ask(server, '/page.js', { headers: { 'if-none-match': '"another"' } });
    expect(changed.status).toBe(200);
    const { port } = server.address;
    const response = await fetch(`http://127.0.0.1:${port}/page.css`, { headers: { 'accept-encoding': 'gzip' } });
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(await response.text()).toBe('body { color: red }');
  });

  it('lets a browser log in where reads need credentials, and tells a program why not', async () => {
    const server = await serve({ pageFolder, tokenFile: join(pageFolder, 'token') });
    const page = await ask(server, '/', { headers: { ...aBrowser, ...aStranger } });
    expect(page).toMatchObject({ status: 401, body: expect.stringContaining('<title>') });
    expect(page.headers).toMatchObject({ 'cache-control': 'no-store', 'www-authenticate': expect.any(String) });
    expect(page.headers['etag']).toBeUndefined();
    const program = await ask(server, '/', { headers: aStranger });
    expect(JSON.parse(program.body)).toMatchObject({ status: 401, code: 'CREDENTIALS_REQUIRED' });
    expect(await ask(server, '/page.js', { headers: aStranger })).toMatchObject({ status: 200 });
    expect(await ask(server, '/api/v1/status', { headers: { ...aBrowser, ...aStranger } })).toMatchObject({
      status: 401,
    });
  });

  it('that was not built says how to build it, and is there as soon as it was', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'caretaker-page-'));
    const server = await serve({ pageFolder: folder });
    const { status, body } = await ask(server, '/', { headers: aBrowser });
    expect({ status, problem: JSON.parse(body) }).toMatchObject({ status: 503, problem: { code: 'PAGE_NOT_BUILT' } });
    await writeFile(join(folder, 'index.html'), 'built');
    expect(await ask(server, '/', { headers: aBrowser })).toMatchObject({ status: 200, body: 'built' });
    await rm(folder, { recursive: true });
  });
});

describe('who is there', () => {
  const session = async (headers: Readonly<Record<string, string>>): Promise<unknown> => {
    const server = await serve({
      pageFolder,
      tokenFile: join(pageFolder, 'token'),
      readTokenFile: join(pageFolder, 'read-token'),
    });
    const { status, body } = await ask(server, '/api/v1/session', { headers });
    expect(status).toBe(200);
    return JSON.parse(body);
  };
  const takes = { token: true, certificate: false };

  it.each([
    ['nobody on loopback may read', {}, { token: 'none', mayRead: true, mayChange: false }],
    ['a stranger may nothing', aStranger, { token: 'none', mayRead: false, mayChange: false }],
    [
      'a stranger with a wrong token may nothing',
      { ...aStranger, authorization: 'Bearer this-is-not-the-token' },
      { token: 'wrong', mayRead: false, mayChange: false },
    ],
    [
      'a token for reading may read',
      { ...aStranger, authorization: `Bearer ${READ_TOKEN}` },
      { token: 'reads', mayRead: true, mayChange: false },
    ],
    [
      'the token may do everything',
      { ...aStranger, authorization: `Bearer ${TOKEN}` },
      { token: 'right', mayRead: true, mayChange: true, caller: 'token' },
    ],
  ])('%s', async (_name, headers, expected) => {
    expect(await session(headers)).toEqual({ ...expected, takes });
  });
});
