import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { fromJSONSchema } from 'zod';
import type { HistorySample } from '../../../src/expose/live/words.ts';
import { type EventClient, watchEvents } from '../support/event-client.ts';
import { scriptedLive } from '../support/scripted-live.ts';
import { ask, newToken, serve, temporaryFolder } from '../support/server.ts';
import { strictSchema } from '../support/strict-schema.ts';

const open: EventClient[] = [];
const watch = async (...of: Parameters<typeof watchEvents>): Promise<EventClient> => {
  const client = await watchEvents(...of);
  open.push(client);
  return client;
};
afterEach(() => {
  for (const client of open.splice(0)) client.leave();
});

/** As `expect.poll`, on a busy machine too. */
const eventually = <T>(what: () => T) => expect.poll(what, { timeout: 60_000 });

const names = ['status', 'members', 'decisions', 'operations', 'backups', 'keyspace', 'changes', 'history'];
const allParts = (text: string): boolean => names.every((name) => text.includes(`event: ${name}\n`));

describe('the stream of what is shown live', () => {
  it('begins with all parts as JSON, in the shape that the API document gives, and says how to come back', async () => {
    const server = await serve({ live: scriptedLive() });
    const client = await watch(server);
    expect(client.response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      connection: 'close',
    });
    expect(await client.textWhen(allParts)).toMatch(/^retry: 2000\n\n/);
    const shape = fromJSONSchema(strictSchema('StreamParts'));
    const parts = Object.fromEntries(client.events().map(({ name, data }) => [name, data]));
    expect(shape.parse(parts)).toMatchObject({
      members: [{ own: true }, { fault: { code: 'PEER_AGENT_UNREACHABLE' } }],
    });
  });

  it('sends a part again when its JSON has changed, and no other; a sample as it comes; the history when it is another', async () => {
    const live = scriptedLive();
    const client = await watch(await serve({ live }));
    await client.textWhen(allParts);
    const first = client.events().length;
    live.parts.status = { ...live.parts.status };
    live.parts.changes = [
      {
        at: '2026-01-02T03:04:05.000Z',
        kind: 'lost',
        member: 'm2',
        by: 'others',
        message: 'm2 does not answer any more.',
      },
    ];
    live.listeners[0]?.changed();
    await client.eventWhen(({ name, data }) => name === 'changes' && Array.isArray(data) && data.length === 1);
    expect(
      client
        .events()
        .slice(first)
        .map(({ name }) => name),
    ).toEqual(['changes']);
    const { sample } = live.member();
    live.listeners[0]?.sampled(sample as HistorySample);
    expect(await client.eventWhen(({ name }) => name === 'sample')).toMatchObject({ data: { member: 'm1' } });
    live.parts.history = [];
    live.listeners[0]?.historiesChanged();
    await client.eventWhen(({ name, data }) => name === 'history' && Array.isArray(data) && data.length === 0);
  });

  it('asks others only while somebody watches, once for all', async () => {
    const live = scriptedLive();
    const server = await serve({ live });
    expect(live.listeners).toEqual([]);
    const [one, two] = [await watch(server), await watch(server)];
    await Promise.all([one.textWhen(allParts), two.textWhen(allParts)]);
    expect(live.listeners).toHaveLength(1);
    one.leave();
    two.leave();
    await eventually(() => live.listeners).toEqual([]);
    const again = await watch(server);
    await again.textWhen(allParts);
    expect(live.listeners).toHaveLength(1);
  });

  it('answers HEAD without a stream, and other agents with the member and its history', async () => {
    const live = scriptedLive();
    const server = await serve({ live });
    expect(await ask(server, '/api/v1/stream', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
    expect(live.listeners).toEqual([]);
    for (const [path, name] of [
      ['/api/v1/member', 'Member'],
      ['/api/v1/history', 'History'],
    ] as const) {
      const body: unknown = JSON.parse((await ask(server, path)).body);
      expect(fromJSONSchema(strictSchema(name)).parse(body)).toMatchObject({ member: 'm1' });
    }
    expect(JSON.parse((await ask(await serve(), '/api/v1/stream')).body)).toMatchObject({
      status: 503,
      code: 'NOT_LIVE',
    });
  });

  it('takes no more than 64 at a time, and says what to do', async () => {
    const live = scriptedLive();
    const server = await serve({ live });
    const clients = await Promise.all(Array.from({ length: 64 }, () => watch(server)));
    const refused = await ask(server, '/api/v1/stream');
    expect({ ...refused, body: JSON.parse(refused.body) }).toMatchObject({
      status: 503,
      headers: { 'retry-after': '10' },
      body: { code: 'STREAMS_TOO_MANY', detail: expect.stringContaining('Close a page') },
    });
    clients[0]?.leave();
    await eventually(async () => (await ask(server, '/api/v1/stream', { method: 'HEAD' })).status).toBe(200);
  });

  it('keeps itself alive with comments, and ends when its token is no longer right', async () => {
    const tokenFile = join(await temporaryFolder(), 'token');
    const token = newToken();
    await writeFile(tokenFile, token);
    const server = await serve({ live: scriptedLive(), tokenFile, streamHeartbeatMs: 20 });
    // What a proxy passes on is not local, so that the token counts.
    const client = await watch(server, { authorization: `Bearer ${token}`, via: '1.1 proxy' });
    await client.textWhen((text) => text.includes('\n\n:\n\n:\n\n'));
    await writeFile(tokenFile, newToken());
    await client.ended;
    expect(
      await ask(server, '/api/v1/stream', { headers: { authorization: `Bearer ${token}`, via: '1.1 proxy' } }),
    ).toMatchObject({
      status: 401,
    });
  });

  it('cuts off a client that does not read', async () => {
    const live = scriptedLive();
    const server = await serve({ live });
    const { port } = server.address;
    const socket = connect(port, '127.0.0.1');
    socket.pause();
    socket.on('error', () => undefined);
    socket.write('GET /api/v1/stream HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await eventually(() => live.listeners.length).toBe(1);
    const { sample } = live.member();
    if (sample === undefined) throw new Error('no sample');
    const large = { ...sample, member: 'x'.repeat(2 ** 20) };
    // What the kernel takes for it is not its backlog yet. Nobody else watches, so it was the one that is gone.
    while (live.listeners.length > 0) {
      live.listeners[0]?.sampled(large);
      await new Promise(setImmediate);
    }
    socket.destroy();
  });

  it('ends with the server at once', async () => {
    const server = await serve({ live: scriptedLive(), closeGraceMs: 60_000 });
    const client = await watch(server);
    await client.textWhen(allParts);
    await server.close();
    await client.ended;
  });

  it('ends, and is told of, where a part cannot be made', async () => {
    const live = scriptedLive();
    const failures: unknown[] = [];
    const part: typeof live.part = (name) => {
      if (name === 'members' && broken) throw new Error('secret inside');
      return live.parts[name];
    };
    let broken = false;
    const server = await serve({
      live: { ...live, part },
      onFailure: ({ path, error }) => failures.push([path, error]),
    });
    const client = await watch(server);
    await client.textWhen(allParts);
    broken = true;
    live.listeners[0]?.changed();
    await client.ended;
    expect(client.text()).not.toContain('secret');
    expect(failures).toEqual([['/api/v1/stream', new Error('secret inside')]]);
  });

  it('is one for a connection: who asks for more on it is cut off, and holds none', async () => {
    const server = await serve({ live: scriptedLive() });
    const socket = connect(server.address.port, '127.0.0.1');
    socket.resume();
    const closed = once(socket, 'close');
    socket.write('GET /api/v1/stream HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(64));
    await closed;
    for (let n = 0; n < 64; n += 1) expect((await watch(server)).response.statusCode).toBe(200);
  });
});
