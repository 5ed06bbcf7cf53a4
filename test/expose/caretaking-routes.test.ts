import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import { AgentError } from '../../src/cluster/agent-error.ts';
import type { CaretakingPorts } from '../../src/expose/caretaking-ports.ts';
import type { HttpServer, ServerOptions } from '../../src/expose/server.ts';
import { createAuthority, issueCertificate } from '../real/certificates.ts';
import { fullCaretaking } from './support/full-caretaking.ts';
import { emptyObservation, fullObservation } from './support/full-observation.ts';
import { scriptedPorts } from './support/scripted-ports.ts';
import { type Answer, ask, newToken, serve, temporaryFolder } from './support/server.ts';

const operationsPath = '/api/v1/operations';
const pausePath = '/api/v1/pause';

/** A server with a token, and a way to send it JSON. */
async function acting(
  caretaking: CaretakingPorts = scriptedPorts(),
  options: Partial<ServerOptions> = {},
): Promise<{
  server: HttpServer;
  token: string;
  send: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;
}> {
  const tokenFile = join(await temporaryFolder(), 'token');
  const token = newToken();
  await writeFile(tokenFile, token);
  const server = await serve({ tokenFile, caretaking, ...options });
  return {
    server,
    token,
    send: (method, path, body, headers = {}) => {
      const bytes = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
      return ask(server, path, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(bytes === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(bytes)) }),
          ...headers,
        },
        ...(bytes === undefined ? {} : { body: bytes }),
      });
    },
  };
}

/** The beginning of a request by hand. */
function head(token: string): string {
  return `POST ${operationsPath} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\n`;
}

function problem({ status, body }: Answer): string {
  const { code, detail } = JSON.parse(body);
  return `${status} ${code}: ${detail}`;
}

describe('what the agents decide', () => {
  it('is shown with all reasons, who leads, and what holds them back', async () => {
    const { send } = await acting();
    const reply = JSON.parse((await send('GET', '/api/v1/decisions')).body);
    expect(reply).toMatchObject({
      leader: { member: 'm1', epoch: '12' },
      decisions: [
        { policy: 'defrag', decision: 'act' },
        { policy: 'compaction', page: true },
      ],
      pause: { reason: 'the storage is being moved' },
      armed: { epoch: '3' },
      slot: { id: 'op-7' },
    });
  });

  it('says while the agents are not armed what is waited for', async () => {
    const { armed: _, ...caretaking } = fullCaretaking;
    const ports = scriptedPorts({
      decisions: async () => ({
        decisions: [
          { policy: 'defrag', decision: 'plan', reasons: [{ code: 'NOT_ARMED', message: '5 min are left' }] },
        ],
      }),
    });
    const { send } = await acting(ports, { observation: () => ({ ...fullObservation, caretaking }) });
    expect(JSON.parse((await send('GET', '/api/v1/decisions')).body).arming).toBe('5 min are left');
  });

  it('is a problem with its own code where the leader cannot be asked', async () => {
    const ports = scriptedPorts({
      decisions: () =>
        Promise.reject(new AgentError('AGENT_UNREACHABLE', 'The agent beside m2 does not answer', { remedy: 'Look.' })),
    });
    const { send } = await acting(ports);
    expect(problem(await send('GET', '/api/v1/decisions'))).toBe(
      '503 AGENT_UNREACHABLE: The agent beside m2 does not answer. Look.',
    );
  });
});

describe('an operation', () => {
  it('that is under way is shown with its steps, beside what waits and what has ended', async () => {
    const { send } = await acting();
    expect(JSON.parse((await send('GET', operationsPath)).body)).toMatchObject({
      slot: { operation: 'defrag', steps: [{ name: 'check' }, { name: 'defragment' }] },
      requests: [{ id: 'r-1' }],
      history: [{ id: 'op-6', revision: '4600', outcome: 'failed' }],
    });
  });

  it('is asked for with a token, under whose name it is noted beside what the caller says of itself', async () => {
    const ports = scriptedPorts();
    const { send } = await acting(ports);
    const answer = await send('POST', operationsPath, { operation: 'defrag', member: 'm2', by: 'ada@db1\n\u202e' });
    expect(answer).toMatchObject({ status: 202, body: '{"id":"r-9"}\n' });
    expect(ports.asked).toEqual([['request', { operation: 'defrag', member: 'm2', by: 'token (ada@db1)' }]]);
  });

  it('can be tried dry: the decision is the answer', async () => {
    const ports = scriptedPorts();
    const { send } = await acting(ports);
    const answer = await send('POST', operationsPath, { operation: 'defrag', dryRun: true });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({ policy: 'defrag', decision: 'act' });
    expect(ports.asked).toEqual([['dryRun', { operation: 'defrag', by: 'token' }]]);
  });

  it.each([
    [
      {},
      '400 OPERATION_UNKNOWN: No operation is named. Allowed: nospace, replace, release, join, leave, member-update, restart, upgrade, rollout, compaction, defrag, move-leader, hash-check, snapshot, drill.',
    ],
    [
      { operation: 'reboot' },
      '400 OPERATION_UNKNOWN: There is no operation "reboot". Allowed: nospace, replace, release, join, leave, member-update, restart, upgrade, rollout, compaction, defrag, move-leader, hash-check, snapshot, drill.',
    ],
    [
      { operation: 'defrag', member: 'm9' },
      '400 MEMBER_UNKNOWN: There is no member "m9". Allowed: a8266ecf031671f3, m1, m2, m3.',
    ],
    [{ operation: 7 }, '400 FIELD_WRONG: "operation" is not text.'],
    [{ operation: 'defrag', member: ['m1'] }, '400 FIELD_WRONG: "member" is not text.'],
    [{ operation: 'defrag', dryRun: 'yes' }, '400 FIELD_WRONG: "dryRun" is neither true nor false.'],
    [{ operation: 'defrag', force: true }, '400 FIELD_UNKNOWN: There is no field "force".'],
    [['defrag'], '400 BODY_NOT_AN_OBJECT: '],
    [null, '400 BODY_NOT_AN_OBJECT: '],
    ['{"operation":', '400 BODY_NOT_JSON: '],
    [undefined, '400 BODY_MISSING: '],
  ])('is refused where %j does not ask for one', async (body, said) => {
    const ports = scriptedPorts();
    const { send } = await acting(ports);
    expect(problem(await send('POST', operationsPath, body)).startsWith(said)).toBe(true);
    expect(ports.asked).toEqual([]);
  });

  it('may name a member by its id, and has to where two share a name', async () => {
    const members = fullObservation.sections.cluster?.value?.members ?? [];
    const [first, second] = members;
    const cluster = { observedAtMs: 0, durationSeconds: 0 };
    const twins = members.map((each) => ({ ...each, name: 'twin' }));
    const value = fullObservation.sections.cluster?.value;
    if (first === undefined || second === undefined || value === undefined) throw new Error('the fixture has members');
    const sections = { cluster: { ...cluster, value: { ...value, members: twins } } };
    const { send } = await acting(scriptedPorts(), { observation: () => ({ ...fullObservation, sections }) });
    expect((await send('POST', operationsPath, { operation: 'defrag', member: first.id })).status).toBe(202);
    const refused = problem(await send('POST', operationsPath, { operation: 'defrag', member: 'twin' }));
    expect(refused).toContain(
      `400 MEMBER_AMBIGUOUS: Several members are named "twin". Name one by its id: ${first.id}`,
    );
  });

  it('to leave is refused for one that waits to be taken in, with what to do instead', async () => {
    const { caretaking } = fullObservation;
    const [first] = caretaking?.agents ?? [];
    if (caretaking === undefined || first === undefined) throw new Error('the fixture has agents');
    const candidate = { ...first, memberId: 'candidate:m9', member: 'm9', candidate: { peerUrls: [] } };
    const observation = {
      ...fullObservation,
      caretaking: { ...caretaking, agents: [...caretaking.agents, candidate] },
    };
    const { send } = await acting(scriptedPorts(), { observation: () => observation });
    const refused = problem(await send('POST', operationsPath, { operation: 'leave', member: 'm9' }));
    expect(refused).toMatch(/^400 MEMBER_NOT_LISTED: .*cluster\.peers/);
    expect((await send('POST', operationsPath, { operation: 'join', member: 'm9' })).status).toBe(202);
  });

  it('on a member waits until the agent knows the member list', async () => {
    const { send } = await acting(scriptedPorts(), { observation: () => emptyObservation });
    const refused = problem(await send('POST', operationsPath, { operation: 'defrag', member: 'm1' }));
    expect(refused).toMatch(/^503 MEMBERS_UNKNOWN: /);
  });

  it.each([
    ['NOT_LEADER', 409],
    ['MEMBER_UNKNOWN', 400],
    ['JOURNAL_UNCERTAIN', 503],
  ])('that is refused with %s by what stands behind is a %i', async (code, status) => {
    const ports = scriptedPorts({ request: () => Promise.reject(new AgentError(code, 'No.')) });
    const { send } = await acting(ports);
    expect(problem(await send('POST', operationsPath, { operation: 'defrag' }))).toBe(`${status} ${code}: No.`);
  });
});

describe('a pause', () => {
  it('holds everything for a while, and says for how long', async () => {
    const ports = scriptedPorts();
    const { send } = await acting(ports);
    const wanted = { reason: ' moving\nthe storage ', for: '1h30m', by: 'ada@db1' };
    const answer = await send('POST', pausePath, wanted);
    expect(answer.status).toBe(200);
    const by = 'token (ada@db1)';
    expect(JSON.parse(answer.body)).toEqual({ by, reason: 'moving the storage', seconds: 5400 });
    expect(ports.asked).toEqual([['pause', { reason: 'moving the storage', forMs: 5_400_000, by }]]);
  });

  it('is ended with or without a body', async () => {
    const ports = scriptedPorts();
    const { send } = await acting(ports);
    expect((await send('DELETE', pausePath)).status).toBe(200);
    expect((await send('DELETE', pausePath, { by: 'bob' })).body).toBe('{"by":"token (bob)"}\n');
    expect(ports.asked).toEqual([
      ['resume', 'token'],
      ['resume', 'token (bob)'],
    ]);
  });

  it.each([
    [{ for: '2h' }, 'REASON_MISSING'],
    [{ for: '2h', reason: '\u0007 \n' }, 'REASON_MISSING'],
    [{ for: '2h', reason: 'x'.repeat(501) }, 'REASON_TOO_LONG'],
    [{ reason: 'x' }, 'DURATION_WRONG'],
    [{ reason: 'x', for: '2' }, 'DURATION_WRONG'],
    [{ reason: 'x', for: '' }, 'DURATION_WRONG'],
    [{ reason: 'x', for: '59s' }, 'DURATION_WRONG'],
    [{ reason: 'x', for: '31d' }, 'DURATION_WRONG'],
    [{ reason: 'x', for: 7200 }, 'FIELD_WRONG'],
  ])('is refused where %j is wrong', async (body, code) => {
    const { send } = await acting();
    expect(problem(await send('POST', pausePath, body))).toMatch(new RegExp(`^400 ${code}: `));
  });
});

describe('a nudge', () => {
  it('is heeded from whoever may read, with a body or without, and says nothing', async () => {
    const ports = scriptedPorts();
    const { server, send } = await acting(ports);
    expect(JSON.parse((await send('POST', '/api/v1/nudge', {})).body)).toEqual({ heeded: true });
    const { body } = await ask(server, '/api/v1/nudge', { method: 'POST' });
    expect(JSON.parse(body)).toEqual({ heeded: true });
    expect(ports.asked).toEqual([['nudge'], ['nudge']]);
  });

  it('is refused from a stranger, from a page of another site, and where it is more than a nudge', async () => {
    const ports = scriptedPorts();
    const { server, send } = await acting(ports);
    const from = (headers: Record<string, string>): Promise<Answer> =>
      ask(server, '/api/v1/nudge', { method: 'POST', headers });
    expect(problem(await from({ forwarded: 'for=10.0.0.9' }))).toMatch(/^401 CREDENTIALS_REQUIRED/);
    expect(problem(await from({ host: 'elsewhere.example' }))).toMatch(/^403 HOST_NOT_LOCAL/);
    expect(problem(await from({ origin: 'https://elsewhere.example' }))).toMatch(/^403 ORIGIN_FOREIGN/);
    expect(problem(await send('POST', '/api/v1/nudge', 'x'.repeat(20_000)))).toMatch(/^413 /);
    expect(ports.asked).toEqual([]);
  });
});

describe('who may change something', () => {
  it('is nobody without a token or a certificate, also on loopback and over the Unix socket', async () => {
    const socketPath = join(await temporaryFolder(), 'agent.sock');
    const ports = scriptedPorts();
    const { server } = await acting(ports, { socketPath });
    const body = JSON.stringify({ operation: 'defrag' });
    const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
    for (const [method, path] of [
      ['POST', operationsPath],
      ['POST', pausePath],
      ['DELETE', pausePath],
    ] as const) {
      for (const where of [{}, { socketPath }]) {
        const answer = await ask(server, path, { method, headers, body, ...where });
        expect(problem(answer)).toMatch(/^401 CREDENTIALS_REQUIRED/);
      }
    }
    expect(ports.asked).toEqual([]);
  });

  it('is known by the name of its certificate, and is never asked for a token', async () => {
    const folder = await temporaryFolder();
    const authority = await createAuthority(folder);
    const [mine, ada] = await Promise.all([
      issueCertificate(folder, authority, 'server'),
      issueCertificate(folder, authority, 'ada'),
    ]);
    const ports = scriptedPorts();
    const server = await serve({ tls: { ...mine, clientCa: authority.cert }, caretaking: ports });
    const shown = { cert: await readFile(ada.cert, 'utf8'), key: await readFile(ada.key, 'utf8') };
    const ca = await readFile(authority.cert, 'utf8');
    expect((await ask(server, pausePath, { method: 'DELETE', ca, ...shown })).status).toBe(200);
    expect(ports.asked).toEqual([['resume', 'certificate ada']]);
    expect((await ask(server, pausePath, { method: 'DELETE', ca })).status).toBe(401);
  });

  it.each([
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ origin: 'http://localhost:1' }, 403],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ origin: 'http://localhost:9379', host: 'localhost:9379' }, 200],
    [{ origin: 'https://agent.example', host: 'agent.example' }, 200],
  ])('is not a page of another site: %j', async (headers, status) => {
    const { send } = await acting();
    const answer = await send('DELETE', pausePath, undefined, headers);
    expect(answer.status).toBe(status);
    if (status === 403) expect(problem(answer)).toContain('ORIGIN_FOREIGN');
  });
});

describe('the body of a request', () => {
  it.each([
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
    ['application/json; charset=latin1', 415],
    ['', 415],
    ['application/json; charset=utf-8', 202],
    ['Application/JSON', 202],
  ])('of the type %j is %i', async (type, status) => {
    const { send } = await acting();
    const answer = await send('POST', operationsPath, { operation: 'defrag' }, { 'content-type': type });
    expect(answer.status).toBe(status);
  });

  it('is refused where it is too large, with and without saying so ahead', async () => {
    const { send, server, token } = await acting();
    const large = JSON.stringify({ operation: 'defrag', by: 'x'.repeat(20_000) });
    expect(problem(await send('POST', operationsPath, large))).toMatch(/^413 BODY_TOO_LARGE/);
    const socket = connect(server.address.port, '127.0.0.1');
    const chunk = `${large.length.toString(16)}\r\n${large}\r\n`;
    socket.write(`${head(token)}transfer-encoding: chunked\r\n\r\n${chunk}`);
    expect(await text(socket)).toMatch(/^HTTP\/1.1 413 [\s\S]*BODY_TOO_LARGE/);
  });

  it('that is compressed is refused', async () => {
    const { send } = await acting();
    const zipped = await send('POST', operationsPath, '{}', { 'content-encoding': 'gzip' });
    expect(problem(zipped)).toMatch(/^415 BODY_ENCODED/);
  });

  it('that ends too early is no failure of the agent, and nothing is done', async () => {
    const ports = scriptedPorts();
    const failures: unknown[] = [];
    const { server, send, token } = await acting(ports, { onFailure: ({ error }) => failures.push(error) });
    const socket = connect(server.address.port, '127.0.0.1');
    await new Promise((resolve) => socket.write(`${head(token)}content-length: 100\r\n\r\n{"operation":`, resolve));
    socket.destroy();
    expect((await send('GET', '/healthz')).status).toBe(200);
    await server.close();
    expect([ports.asked, failures]).toEqual([[], []]);
  });

  it('leaves the connection usable where it was read to its end', async () => {
    const { send } = await acting();
    const answer = await send('POST', operationsPath, { operation: 'defrag' }, { connection: 'keep-alive' });
    expect(answer.headers.connection).not.toBe('close');
  });
});

describe('an agent that takes no part in acting', () => {
  it('says so on every route', async () => {
    const tokenFile = join(await temporaryFolder(), 'token');
    const token = newToken();
    await writeFile(tokenFile, token);
    const server = await serve({ tokenFile });
    const headers = { authorization: `Bearer ${token}` };
    for (const [method, path] of [
      ['GET', '/api/v1/decisions'],
      ['GET', operationsPath],
      ['DELETE', pausePath],
    ] as const) {
      expect(problem(await ask(server, path, { method, headers }))).toMatch(/^503 NOT_ACTING: /);
    }
  });
});

describe('a caller that has gone', () => {
  it('ends the wait for the leader', async () => {
    const waiting = Promise.withResolvers<AbortSignal>();
    const ports = scriptedPorts({
      decisions: (signal) => {
        waiting.resolve(signal);
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new AgentError('GONE', 'Nobody waits.')));
        });
      },
    });
    const { server } = await acting(ports);
    const socket = connect(server.address.port, '127.0.0.1');
    socket.write('GET /api/v1/decisions HTTP/1.1\r\nhost: localhost\r\n\r\n');
    const signal = await waiting.promise;
    expect(signal.aborted).toBe(false);
    socket.destroy();
    await vi.waitFor(() => expect(signal.aborted).toBe(true), { timeout: 30_000 });
  });
});
