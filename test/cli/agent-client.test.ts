import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AgentClient } from '../../src/cli/agent-client.ts';
import { agentsOf } from '../../src/cli/agent-options.ts';
import { askOne } from '../../src/cli/any-agent.ts';
import { exitCodeOf } from '../../src/cli/exit-codes.ts';
import { AgentError } from '../../src/cluster/agent-error.ts';
import { createAuthority, issueCertificate } from '../real/certificates.ts';
import { scriptedAgent } from './scripted-agent.ts';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'caretaker-cli-'));
  cleanups.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** An HTTP server on a free port of loopback, or on a Unix socket. */
async function serve(answer: RequestListener, socket?: string): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    if (socket === undefined) server.listen(0, '127.0.0.1', resolve);
    else server.listen(socket, resolve);
  });
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return socket ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('asking an agent', () => {
  it('gets the JSON at a path, with the token', async () => {
    const url = await serve((request, response) => {
      response.end(JSON.stringify({ path: request.url, token: request.headers.authorization }));
    });
    const client = new AgentClient({ url, token: 'secret' });
    expect(await client.get('/api/v1/status')).toEqual({ path: '/api/v1/status', token: 'Bearer secret' });
  });

  it('works over a Unix socket', async () => {
    const socket = join(await folder(), 'agent.sock');
    await serve((_, response) => response.end('{"over":"socket"}'), socket);
    expect(await new AgentClient({ url: `unix:${socket}` }).get('/')).toEqual({ over: 'socket' });
    expect(await new AgentClient({ url: `unix://${socket}` }).get('/')).toEqual({ over: 'socket' });
  });

  it('reads server-sent events as they come, over a Unix socket and with the token', async () => {
    const socket = join(await folder(), 'agent.sock');
    await serve((request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      response.write(`:\n\nevent: who\ndata: ${request.headers.authorization}\n\n`);
      response.end('data: last\n\n');
    }, socket);
    const client = new AgentClient({ url: `unix:${socket}`, token: 'secret' });
    const events = client.events('/api/v1/stream', { silenceMs: 30_000, signal: new AbortController().signal });
    const came: unknown[] = [];
    for await (const event of events) came.push(event);
    expect(came).toEqual([undefined, { name: 'who', data: 'Bearer secret' }, { name: 'message', data: 'last' }]);
  });

  it('takes a stream on which nothing comes for gone, and anything but a stream for no agent', async () => {
    const signal = new AbortController().signal;
    const first = (url: string) => new AgentClient({ url }).events('/', { silenceMs: 200, signal }).next();
    const silent = await serve((_, response) =>
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(''),
    );
    await expect(first(silent)).rejects.toMatchObject({
      code: 'AGENT_UNREACHABLE',
      message: `No agent could be reached at ${silent}: no answer in time.`,
    });
    const page = await serve((_, response) => response.end('<html>'));
    await expect(first(page)).rejects.toMatchObject({ message: expect.stringContaining('but it is no agent') });
  });

  it('says where nobody answered and what to do', async () => {
    const error: unknown = await new AgentClient({ url: 'http://127.0.0.1:1' }).get('/').catch((reason) => reason);
    expect(error).toMatchObject({
      code: 'AGENT_UNREACHABLE',
      message: 'No agent could be reached at http://127.0.0.1:1: the connection was refused: nothing listens there.',
      remedy: expect.stringContaining('ETCD_CARETAKER_AGENT'),
    });
  });

  it('says that TLS was spoken to an agent that is plain, and which URL to use', async () => {
    const url = await serve((_, response) => response.end('{}'));
    const error = await new AgentClient({ url: url.replace('http:', 'https:') }).get('/').catch((reason) => reason);
    expect(error).toMatchObject({
      code: 'AGENT_UNREACHABLE',
      message: `What answers at ${url.replace('http:', 'https:')} speaks plain HTTP, without TLS.`,
      remedy: `Use ${url}.`,
    });
  });

  /** An agent with TLS; and the files of its certificate and CA. */
  const serveTls = async () => {
    const path = await folder();
    const authority = await createAuthority(path);
    const { cert, key } = await issueCertificate(path, authority, 'agent', { names: 'IP:127.0.0.1' });
    const server = createTlsServer({ cert: await readFile(cert), key: await readFile(key) }, (_, response) => {
      response.end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    cleanups.push(() => server.close());
    return { path, authority, cert, key, port: (server.address() as AddressInfo).port };
  };

  it('says that plain HTTP was spoken to an agent that has TLS, and which URL to use', async () => {
    const { port } = await serveTls();
    await expect(new AgentClient({ url: `http://127.0.0.1:${port}` }).get('/')).rejects.toMatchObject({
      code: 'AGENT_UNREACHABLE',
      message: `What answers at http://127.0.0.1:${port} speaks TLS.`,
      remedy: expect.stringContaining(`Use https://127.0.0.1:${port}, with`),
    });
  });

  it('says in words of its own that the certificate of the agent is not trusted, or is for another name', async () => {
    const { port, authority } = await serveTls();
    const ca = await readFile(authority.cert, 'utf8');
    expect(await new AgentClient({ url: `https://127.0.0.1:${port}`, ca }).get('/')).toEqual({});
    await expect(new AgentClient({ url: `https://127.0.0.1:${port}` }).get('/')).rejects.toMatchObject({
      message: `No agent could be reached at https://127.0.0.1:${port}: the certificate of the server is signed by a CA that is not trusted here.`,
      remedy: "Give the CA of the agent's certificate with --ca.",
    });
    await expect(new AgentClient({ url: `https://localhost:${port}`, ca }).get('/')).rejects.toMatchObject({
      message: expect.stringContaining('the certificate of the server is only for IP Address:127.0.0.1'),
      remedy: 'Use a host that the certificate names.',
    });
  });

  it('says which of its own TLS files cannot be used, which is a usage error', async () => {
    const { path, authority, port, cert } = await serveTls();
    const other = await issueCertificate(path, authority, 'other');
    const garbage = join(path, 'passwd');
    await writeFile(garbage, 'root:x');
    const ask = (options: object) => agentsOf({ agent: `https://127.0.0.1:${port}`, ...options }, {});
    const noCa: unknown = await ask({ ca: garbage }).catch((reason) => reason);
    expect(noCa).toMatchObject({ message: '--ca holds no certificate in PEM form' });
    expect(exitCodeOf(noCa)).toBe(2);
    await expect(ask({ ca: authority.cert, cert, key: other.key })).rejects.toMatchObject({
      message: 'the key --key does not belong to the certificate --cert',
    });
  });

  it('tells an agent from something else that answers', async () => {
    const url = await serve((_, response) => response.writeHead(404).end('404 page not found'));
    await expect(new AgentClient({ url }).get('/')).rejects.toMatchObject({
      code: 'AGENT_UNREACHABLE',
      message: expect.stringContaining('it is no agent (HTTP status 404)'),
    });
  });

  it('hands on the problem that the agent answers with', async () => {
    const problem = { code: 'TOKEN_REQUIRED', detail: 'This needs a token.' };
    const url = await serve((_, response) => response.writeHead(401).end(JSON.stringify(problem)));
    await expect(new AgentClient({ url }).get('/')).rejects.toMatchObject({
      code: 'TOKEN_REQUIRED',
      message: expect.stringContaining('This needs a token.'),
      remedy: expect.stringContaining('--token-file'),
    });
  });

  it('gives up when there is no answer in time', async () => {
    const url = await serve(() => undefined);
    await expect(new AgentClient({ url }).get('/', AbortSignal.timeout(50))).rejects.toMatchObject({
      code: 'AGENT_UNREACHABLE',
      message: expect.stringContaining('no answer in time'),
    });
  });

  it('sends JSON, and takes an empty answer for one', async () => {
    await using agent = await scriptedAgent(({ line }) => (line.startsWith('POST') ? [202, { id: 'r1' }] : [204]));
    const client = new AgentClient({ url: agent.url, token: 'secret' });
    expect(await client.post('/api/v1/operations', { operation: 'defrag' })).toEqual({ id: 'r1' });
    expect(await client.delete('/api/v1/pause')).toBeUndefined();
    expect(agent.seen).toEqual([
      { line: 'POST /api/v1/operations', body: { operation: 'defrag' }, token: 'Bearer secret' },
      { line: 'DELETE /api/v1/pause', token: 'Bearer secret' },
    ]);
  });

  it('tells what cannot have been done from what may have been done', async () => {
    const nobody = new AgentClient({ url: 'http://127.0.0.1:1' });
    await expect(nobody.post('/', {})).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
    await using silent = await scriptedAgent(() => 'hang');
    const giveUp = new AbortController();
    const posted = new AgentClient({ url: silent.url }).post('/', {}, giveUp.signal);
    const arrived = vi.waitFor(() => expect(silent.seen).toHaveLength(1), 30_000).finally(() => giveUp.abort());
    await expect(posted).rejects.toMatchObject({
      code: 'AGENT_OUTCOME_UNKNOWN',
      message: expect.stringContaining('It may have done what was asked all the same'),
      remedy: expect.stringContaining('explain'),
    });
    await arrived;
  });

  it('refuses what is no URL, and never sends a token across the network in plain text', () => {
    expect(() => new AgentClient({ url: 'ftp://x' })).toThrow('is not the URL of an agent');
    expect(() => new AgentClient({ url: 'http://10.0.0.1:9379', token: 'secret' })).toThrow('plain text');
    expect(new AgentClient({ url: 'http://[::1]:9379', token: 'secret' }).url).toBe('http://[::1]:9379');
    expect(new AgentClient({ url: 'https://10.0.0.1:9379', token: 'secret' }).url).toBe('https://10.0.0.1:9379');
  });
});

describe('asking one of several agents', () => {
  const [first, second] = [1, 2].map((port) => new AgentClient({ url: `http://127.0.0.1:${port}` }));
  const agents = [first, second] as readonly [AgentClient, AgentClient];

  it.each([
    ['AGENT_UNREACHABLE', 2],
    ['NOT_LEADER', 2],
    ['AGENT_OUTCOME_UNKNOWN', 1],
    ['TOKEN_WRONG', 1],
  ])('with %s asks %d of them', async (code, count) => {
    const asked: string[] = [];
    const failing = askOne(agents, async ({ url }) => {
      asked.push(url);
      throw new AgentError(code, 'No.');
    });
    await expect(failing).rejects.toMatchObject({ code });
    expect(asked).toHaveLength(count);
  });
});

describe('which agents are asked', () => {
  const urls = (agents: readonly AgentClient[]): string[] => agents.map(({ url }) => url);

  it('the one beside the default port, unless options or the environment name others', async () => {
    expect(urls(await agentsOf({}, {}))).toEqual(['http://127.0.0.1:9379']);
    const env = { ETCD_CARETAKER_AGENT: 'http://127.0.0.1:1, http://127.0.0.1:2' };
    expect(urls(await agentsOf({}, env))).toEqual(['http://127.0.0.1:1', 'http://127.0.0.1:2']);
    expect(urls(await agentsOf({ agent: 'unix:/run/a.sock' }, env))).toEqual(['unix:/run/a.sock']);
  });

  it('all of a demo, with its token', async () => {
    const dir = await folder();
    const url = await serve((request, response) => response.end(JSON.stringify(request.headers.authorization)));
    const members = [{ agentUrl: url }, { agentUrl: 'http://127.0.0.1:2' }];
    await writeFile(join(dir, 'demo.json'), JSON.stringify({ members, token: 'of-the-demo' }));
    const agents = await agentsOf({ dir }, { ETCD_CARETAKER_AGENT: 'http://127.0.0.1:3' });
    expect(urls(agents)).toEqual([url, 'http://127.0.0.1:2']);
    expect(await agents[0].get('/')).toBe('Bearer of-the-demo');
  });

  it('says which file cannot be read', async () => {
    const dir = await folder();
    await expect(agentsOf({ dir }, {})).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('demo.json cannot be read'),
    });
    await expect(agentsOf({ tokenFile: join(dir, 'none') }, {})).rejects.toMatchObject({ code: 'USAGE' });
  });
});
