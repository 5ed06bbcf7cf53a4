import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Api } from '../../../src/ui/api/call.ts';
import { mayBeToken } from '../../../src/ui/api/token.ts';

/** It takes what is sent, and hangs up without an answer. */
let server: Server;
beforeEach(async () => {
  server = createServer((request) => {
    request.resume().on('end', () => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const real = globalThis.fetch;
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => real(`http://127.0.0.1:${port}${path}`, init));
});
afterEach(() => {
  vi.unstubAllGlobals();
  server.close();
});

describe('a call whose answer is lost', () => {
  const wish = { operation: 'defrag', by: 'ada' };

  it.each([
    ['a request', (api: Api) => api.request(wish)],
    ['a pause', (api: Api) => api.pause({ reason: 'r', for: '1h', by: 'ada' })],
    ['a resume', (api: Api) => api.resume('ada')],
  ])('says of %s that it may have been done all the same', async (_, call) => {
    await expect(call(new Api('t'))).rejects.toMatchObject({ code: 'NO_ANSWER', message: /may have done/ });
  });

  it.each([
    ['a read', (api: Api) => api.session()],
    ['a dry run', (api: Api) => api.dryRun(wish)],
  ])('does not say so of %s, which changes nothing', async (_, call) => {
    await expect(call(new Api('t'))).rejects.toMatchObject({ message: 'The agent does not answer.' });
  });
});

describe('a token', () => {
  it.each([
    ['0123456789abcdef', true],
    ['“0123456789abcdef”', false],
    ['two words', false],
    ['', false],
  ])('may be %j: %s', (text, may) => {
    expect(mayBeToken(text)).toBe(may);
  });
});
