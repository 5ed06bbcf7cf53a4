import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Decision } from '../../../src/cluster/caretaking.ts';
import { type Situation, situations } from './fixture-situations.ts';

/** The token that it takes. */
const fixtureToken = 'open-sesame';

const page = fileURLToPath(new URL('../../../dist/page/', import.meta.url));

/** As the agents send it with the page. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'none'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'";

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript',
  css: 'text/css',
};

/** An agent that shows one situation of the fixtures, on loopback. Whoever starts it closes it. */
export async function startFixtureAgent(name: string, port = 0): Promise<Server> {
  const situation = situations[name];
  if (situation === undefined) throw new Error(`there is no situation ${name}: ${Object.keys(situations).join(', ')}`);
  const server = createServer((request, response) => void answer(situation, request, response));
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}

async function answer(situation: Situation, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const now = Date.now();
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const knows = request.headers.authorization === `Bearer ${fixtureToken}`;
  const session = knows
    ? { ...situation.session, token: 'right', mayRead: true, mayChange: true, caller: 'token' }
    : { ...situation.session, token: request.headers.authorization === undefined ? 'none' : 'wrong' };
  if (pathname === '/api/v1/session') return json(response, 200, session);
  if (pathname.startsWith('/api/') && !session.mayRead) {
    return json(response, 401, { status: 401, code: 'TOKEN_REQUIRED', detail: 'Show the token or a certificate.' });
  }
  if (pathname === '/api/v1/stream') return stream(situation, response, now);
  if (pathname === '/api/v1/backups/points') return json(response, 200, situation.points(now));
  if (pathname === '/api/v1/operations') return operation(request, response);
  if (pathname === '/api/v1/pause') return json(response, 200, {});
  await file(pathname === '/' ? 'index.html' : pathname.slice(1), response);
}

function stream({ parts }: Situation, response: ServerResponse, now: number): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  for (const [name, part] of Object.entries(parts(now)))
    response.write(`event: ${name}\ndata: ${JSON.stringify(part)}\n\n`);
}

async function operation(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const wish: { readonly operation: Decision['policy']; readonly dryRun?: boolean } = JSON.parse(
    Buffer.concat(chunks).toString(),
  );
  if (wish.operation === 'drill') {
    return json(response, 409, { status: 409, code: 'NOT_LEADER', detail: 'This agent does not lead.' });
  }
  const decision: Decision = {
    policy: wish.operation,
    decision: 'act',
    reasons: [{ code: 'REQUESTED', message: 'somebody asks for it, and nothing is in its way' }],
  };
  return wish.dryRun === true ? json(response, 200, decision) : json(response, 202, { id: 'op-9' });
}

async function file(name: string, response: ServerResponse): Promise<void> {
  const type = types[name.split('.').at(-1) ?? ''];
  const body =
    type === undefined || name.includes('..') ? undefined : await readFile(`${page}${name}`).catch(() => undefined);
  response.writeHead(body === undefined ? 404 : 200, {
    'content-type': type ?? 'text/plain',
    'content-security-policy': policy,
  });
  response.end(body);
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}
