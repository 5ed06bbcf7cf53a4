import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keyspaceCommand } from '../../src/cli/keyspace.ts';
import type { KeyspaceSection, PrefixTotals } from '../../src/cluster/sections.ts';

const cleanups: (() => unknown)[] = [];
let printed = '';

beforeEach(() => {
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) {
    await cleanup();
  }
});

const row = (prefix: string, keys: number, bytes: number, writesPerSecond: number): PrefixTotals => ({
  prefix,
  keys,
  bytes,
  writes: 0,
  writesPerSecond,
});

const kept: KeyspaceSection = {
  phase: 'current',
  scannedKeys: 1300,
  revision: 12_345n,
  depth: 2,
  totalKeys: 1300,
  totalBytes: 4_000_000,
  prefixes: [],
  levels: [
    { depth: 1, prefixes: [row('/registry', 1300, 4_000_000, 12.5)] },
    { depth: 2, prefixes: [row('/registry/pods', 1200, 3_000_000, 12), row('other', 100, 1_000_000, 0.5)] },
  ],
};

const waiting: KeyspaceSection = {
  phase: 'waiting',
  waitingFor: 'nothing: the agent of m2 keeps the totals',
  heldBy: { memberId: 'a', member: 'm2' },
  scannedKeys: 0,
  depth: 2,
  prefixes: [],
  levels: [],
};

/** The client URL of the member of an agent that listens as a demo's does. */
const inDemo = (agentUrl: string): string => `http://127.0.0.1:${Number(new URL(agentUrl).port) - 2}`;

/**
 * An agent that has this to say, and knows a member m2 with this client URL. Its own member is m1, with a client URL as in
 * a demo unless another one is given.
 */
async function agent(
  section: KeyspaceSection,
  m2 = 'http://127.0.0.1:1',
  seen: unknown[] = [],
  m1?: string,
): Promise<string> {
  const keyspace = JSON.stringify(section, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
  let url = '';
  const observation = () => {
    const members = [
      { id: 'b', clientUrls: [m1 ?? inDemo(url)] },
      { id: 'a', clientUrls: [m2] },
    ];
    return JSON.stringify({
      sections: { member: { value: { status: { memberId: 'b' } } }, cluster: { value: { members } } },
    });
  };
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.end(request.url === '/api/v1/keyspace' ? keyspace : observation());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  cleanups.push(() => server.close());
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return url;
}

async function run(...args: string[]): Promise<void> {
  await keyspaceCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .parseAsync(args, { from: 'user' });
}

describe('etcd-caretaker keyspace', () => {
  it('shows who fills etcd', async () => {
    const url = await agent(kept);
    await run('--agent', url);
    expect(printed).toBe(
      [
        `Keys and values at revision 12345, from the agent at ${url}.`,
        '',
        'PREFIX           KEYS     BYTES   SHARE  WRITES/s',
        '/registry/pods  1,200  2.86 MiB  75.0 %      12.0',
        'other             100   977 KiB  25.0 %       0.5',
        'total           1,300  3.81 MiB              12.5',
        '',
      ].join('\n'),
    );
  });

  it('goes as deep as it is asked to, where the agent keeps that', async () => {
    const url = await agent(kept);
    await run('--agent', url, '--depth', '1', '-o', 'json');
    expect(JSON.parse(printed)).toMatchObject({
      agent: url,
      phase: 'current',
      revision: '12345',
      depth: 1,
      keys: 1300,
      prefixes: [{ prefix: '/registry', keys: 1300, bytes: 4_000_000, share: 1 }],
    });
    await expect(run('--agent', url, '--depth', '3')).rejects.toMatchObject({
      code: 'USAGE',
      message: 'The agent keeps prefixes of up to 2 path elements, not 3.',
    });
    await expect(run('--depth', 'deep')).rejects.toThrow('whole number');
  });

  it('asks all agents that are named and shows the one that has the totals', async () => {
    const urls = [await agent(waiting), 'http://127.0.0.1:1', await agent(kept)];
    await run('--agent', urls.join(','), '-o', 'yaml');
    expect(printed).toContain(`agent: ${urls[2]}\n`);
  });

  it('finds the agent that has the totals by itself where both listen as in a demo', async () => {
    const holder = await agent(kept);
    await run('--agent', await agent(waiting, inDemo(holder)));
    expect(printed).toContain(`from the agent at ${holder}.`);
  });

  it('asks at no URL that it would have to guess', async () => {
    const seen: unknown[] = [];
    const holder = await agent(kept, '', seen);
    const url = await agent(waiting, inDemo(holder), [], 'http://127.0.0.1:1');
    await expect(run('--agent', url)).rejects.toMatchObject({
      code: 'AGENT_UNREACHABLE',
      remedy: expect.stringMatching(/^Ask the agent beside m2: name all agents, --agent URL,URL, or .*--dir FOLDER/),
    });
    expect(seen).toEqual([]);
  });

  it('shows the token to the agents that the user named, and to none that it guessed', async () => {
    vi.stubEnv('ETCD_CARETAKER_TOKEN', 'secret');
    cleanups.push(() => vi.unstubAllEnvs());
    const [named, guessed]: [unknown[], unknown[]] = [[], []];
    const holder = await agent(kept, '', guessed);
    const url = await agent(waiting, inDemo(holder), named);
    await run('--agent', url);
    expect(printed).toContain(`from the agent at ${holder}.`);
    expect(named).toEqual(['Bearer secret', 'Bearer secret']);
    expect(guessed).toEqual([undefined]);
    await run('--agent', `${url},${holder}`);
    expect(guessed).toEqual([undefined, 'Bearer secret']);
  });

  it('names the URL that it guessed where an agent answers there that wants a token, and nothing that is none', async () => {
    let code = 'CREDENTIALS_REQUIRED';
    const refusing = createServer((_, response) => {
      response.statusCode = 401;
      response.end(JSON.stringify({ code, detail: 'no' }));
    });
    await new Promise<void>((resolve) => {
      refusing.listen(0, '127.0.0.1', resolve);
    });
    cleanups.push(() => refusing.close());
    const holder = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`;
    const url = await agent(waiting, inDemo(holder));
    await expect(run('--agent', url)).rejects.toMatchObject({
      code: 'AGENT_UNREACHABLE',
      remedy: expect.stringContaining(`--agent ${holder}.`),
    });
    code = 'something else';
    await expect(run('--agent', url)).rejects.toMatchObject({
      remedy: expect.stringContaining('--agent URL,URL'),
    });
  });

  it('says whose agent would have them when the one it asked has not', async () => {
    const url = await agent(waiting);
    await expect(run('--agent', url)).rejects.toMatchObject({
      code: 'AGENT_UNREACHABLE',
      message: `The agent at ${url} does not keep the totals; they would be kept by the agent of m2.`,
    });
    const { heldBy: _, ...early } = waiting;
    await expect(run('--agent', await agent({ ...early, waitingFor: 'a first look at the cluster' }))).rejects.toThrow(
      'it waits for a first look at the cluster',
    );
  });

  it('says that a scan is under way, and shows what there is', async () => {
    const { revision: _, ...rest } = kept;
    await run('--agent', await agent({ ...rest, phase: 'scanning' }));
    expect(printed).toContain('Scanning: 1,300 keys so far');
    expect(printed).toContain('/registry/pods');
  });

  it('shows no table of zeros before the first keys are counted', async () => {
    const { revision: _, ...rest } = kept;
    const levels = [{ depth: 2, prefixes: [row('/a', 0, 0, 3)] }];
    const url = await agent({ ...rest, phase: 'scanning', scannedKeys: 0, levels });
    await run('--agent', url);
    expect(printed).toBe(`Scanning: 0 keys so far; ask again in some seconds (agent at ${url}).\n`);
  });

  it('says what the scan waits for, as where the quorum is lost', async () => {
    const { revision: _, ...rest } = kept;
    const levels = [{ depth: 2, prefixes: [] }];
    const url = await agent({ ...rest, phase: 'scanning', waitingFor: 'a raft leader', scannedKeys: 0, levels });
    await run('--agent', url);
    expect(printed).toBe(
      `Scanning: 0 keys so far; it waits for a raft leader; ask again in some seconds (agent at ${url}).\n`,
    );
    printed = '';
    await run('--agent', url, '-o', 'json');
    expect(JSON.parse(printed)).toMatchObject({ phase: 'scanning', waitingFor: 'a raft leader' });
  });

  it('fails as unreachable when no agent answers', async () => {
    await expect(run('--agent', 'http://127.0.0.1:1')).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
  });
});
