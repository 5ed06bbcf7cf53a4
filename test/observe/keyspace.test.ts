import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { assembleCluster } from '../../src/cluster/assemble.ts';
import type { ClusterSection, KeyspaceSection } from '../../src/cluster/sections.ts';
import { MemberClient } from '../../src/etcd/member-client.ts';
import type { Collector, Round } from '../../src/observe/collector.ts';
import type { ScannerRule } from '../../src/observe/keyspace/scanner-choice.ts';
import { keyspaceCollector } from '../../src/observe/keyspace.ts';
import { memberStatusOf } from '../../src/observe/member-status.ts';
import { type ClusterOptions, type RealCluster, startCluster } from '../real/cluster.ts';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

async function start(options: ClusterOptions): Promise<RealCluster> {
  const cluster = await startCluster(options);
  cleanups.push(() => cluster.close());
  return cluster;
}

interface Agent {
  readonly client: MemberClient;
  /** A look at the cluster, and then one round of the collector. */
  readonly look: () => Promise<KeyspaceSection>;
}

/** What the agent beside one member has for the keyspace. */
function agentOf(
  name: string,
  endpoint: string,
  settings: { lingerMs?: number; scanner?: ScannerRule; auth?: { username: string; passwordFile: string } } = {},
): Agent {
  const { auth, ...rest } = settings;
  const login = auth === undefined ? {} : { auth };
  const connect = (url: string): MemberClient =>
    new MemberClient({ member: name, endpoint: url, callTimeoutMs: 2000, ...login });
  const client = connect(endpoint);
  let latest: ClusterSection | undefined;
  const clients = new Map([[endpoint, client]]);
  const keyspace: Collector<'keyspace'> = keyspaceCollector({
    member: name,
    client,
    cluster: () => latest,
    depth: 2,
    topK: 3,
    keysPerSecond: 1_000_000,
    pageBytes: 2 ** 20,
    kubernetes: 'auto',
    ...rest,
  });
  cleanups.push(async () => {
    await keyspace.close?.();
    clients.forEach((each) => {
      each.close();
    });
  });
  const cluster = async (): Promise<ClusterSection> => {
    const { header, members, linearizable } = await client.memberList();
    const replies = members.map(async ({ clientUrls: [url = ''] }) => {
      const other = clients.get(url) ?? connect(url);
      clients.set(url, other);
      const status = await other.status().catch(() => undefined);
      return { endpoint: url, ...(status === undefined ? {} : { status: memberStatusOf(status) }) };
    });
    const { clusterId } = header;
    return assembleCluster({
      clusterId,
      linearizable,
      listed: members,
      replies: await Promise.all(replies),
      alarms: [],
    });
  };
  const look = async (): Promise<KeyspaceSection> => {
    const { signal } = new AbortController();
    const round: Round = {
      startedAtMs: Date.now(),
      signal,
      sources: {
        status: () => client.status(signal),
        members: () => client.memberList(signal),
        ownReply: () => Promise.reject(new Error('not read here')),
        ownId: () => Promise.reject(new Error('not read here')),
        metricsPage: () => Promise.reject(new Error('not read here')),
      },
    };
    latest = await cluster();
    return await keyspace.collect(round);
  };
  return { client, look };
}

async function until<T>(look: () => Promise<T>, is: (value: T) => boolean): Promise<T> {
  const deadline = performance.now() + 40_000;
  for (;;) {
    const value = await look();
    if (is(value)) {
      return value;
    }
    if (performance.now() > deadline) {
      throw new Error(`waited in vain; the last was ${JSON.stringify(value, (_, part) => String(part))}`);
    }
    await sleep(100);
  }
}

const current = ({ phase }: KeyspaceSection): boolean => phase === 'current';

async function put(client: MemberClient, ...keys: string[]): Promise<void> {
  const { kv } = await client.etcd3();
  for (const key of keys) {
    await kv.put({ key: Buffer.from(key), value: Buffer.from('0123456789') });
  }
}

describe('keys, bytes and writes by prefix', () => {
  it('are shown for the largest prefixes and all others, at every depth', async () => {
    const cluster = await start({ members: 1 });
    const { client, look } = agentOf('m1', cluster.endpoints[0] ?? '');
    await put(client, '/registry/pods/a/1', '/registry/pods/a/2', '/registry/pods/b/1', 'flat');
    await put(client, '/registry/example.io/things/a/1', '/registry/example.io/things/a/2', '/x/y/1');
    const section = await until(look, current);
    expect(section.prefixes.map(({ prefix, keys, bytes }) => [prefix, keys, bytes])).toEqual([
      ['/registry/pods', 3, 84],
      ['/registry/example.io/things', 2, 82],
      ['/x/y', 1, 16],
      ['other', 1, 14],
    ]);
    expect(section).toMatchObject({ totalKeys: 7, totalBytes: 196, depth: 2, scannedKeys: 7 });
    const names = (depth: number) =>
      section.levels.find((level) => level.depth === depth)?.prefixes.map(({ prefix }) => prefix);
    expect(names(1)).toEqual(['/registry', '/x', '(no prefix)']);
    expect(names(3)).toContain('/registry/pods/a');
    await put(client, '/x/y/1', '/x/y/2');
    const after = await until(look, ({ totalKeys }) => totalKeys === 8);
    expect(after.prefixes.find(({ prefix }) => prefix === '/x/y')).toMatchObject({ keys: 2, bytes: 32, writes: 2 });
  });

  it('are kept by one agent of a cluster, not that of the raft leader, and the others say by which', async () => {
    const cluster = await start({ members: 3 });
    const agents = cluster.members.map(({ name, endpoint }) => agentOf(name, endpoint));
    const [first] = agents;
    await put(first?.client ?? agentOf('m1', '').client, '/a/1');
    const all = () => Promise.all(agents.map(({ look }) => look()));
    const isHeld = ({ heldBy }: KeyspaceSection): boolean => heldBy !== undefined;
    const sections = await until(all, (seen) => seen.some(current) && seen.every((one) => current(one) || isHeld(one)));
    const holder = sections.findIndex(current);
    const held = await agents[holder]?.client.status();
    expect(held?.leaderId).not.toBe(held?.header.memberId);
    sections.forEach((section, index) => {
      if (index !== holder) {
        expect(section).toMatchObject({ phase: 'waiting', prefixes: [], heldBy: { member: `m${holder + 1}` } });
        expect(section.totalKeys).toBeUndefined();
      }
    });
  });

  it('are kept by the agent that is told to, where the member that would be chosen has none', async () => {
    const cluster = await start({ members: 3 });
    const { leaderId } = await agentOf('m1', cluster.endpoints[0] ?? '').client.status();
    const ids = await Promise.all(
      cluster.members.map(async ({ endpoint }) => (await agentOf('m', endpoint).client.status()).header.memberId),
    );
    const told = cluster.members[ids.indexOf(leaderId)];
    const others = cluster.members.filter((member) => member !== told);
    const keeper = agentOf(told?.name ?? '', told?.endpoint ?? '', { scanner: 'always' });
    await until(keeper.look, current);
    for (const { name, endpoint } of others) {
      expect((await agentOf(name, endpoint, { scanner: 'never' }).look()).phase).toBe('waiting');
    }
  });

  it('move to another agent when the one that has them is gone, and are let go of when they have moved', async () => {
    const cluster = await start({ members: 3 });
    const agents = cluster.members.map(({ name, endpoint }) => agentOf(name, endpoint, { lingerMs: 0 }));
    const all = async () =>
      await Promise.all(agents.map(({ look }) => look().catch((error: unknown) => error as Error)));
    const isCurrent = (seen: KeyspaceSection | Error): boolean => !(seen instanceof Error) && current(seen);
    const holder = (await until(all, (seen) => seen.some(isCurrent))).findIndex(isCurrent);
    await cluster.members[holder]?.kill();
    const next = await until(all, (seen) => seen.some(isCurrent));
    expect(next[holder]).toBeInstanceOf(Error);
    expect(next.findIndex(isCurrent)).not.toBe(holder);
    await cluster.members[holder]?.start();
    await until(all, (seen) => seen.filter(isCurrent).length === 1 && seen.every((one) => !(one instanceof Error)));
  });

  it('need the right to read all keys, and say so where it is missing', async () => {
    // Etcd 3.5 answers Status to root alone: there such a user is refused even earlier.
    const cluster = await start({ version: '3.4', auth: { rootPassword: 'so secret' } });
    const passwordFile = join(cluster.folder, 'password');
    await writeFile(passwordFile, 'hush');
    await cluster.etcdctl('user', 'add', 'watcher:hush');
    await cluster.etcdctl('role', 'add', 'half');
    await cluster.etcdctl('role', 'grant-permission', 'half', 'read', '/a', '--prefix');
    await cluster.etcdctl('user', 'grant-role', 'watcher', 'half');
    const agent = agentOf('m1', cluster.endpoints[0] ?? '', { auth: { username: 'watcher', passwordFile } });
    const seen = await until(
      () => agent.look().catch((error: unknown) => error as Error),
      (one) => one instanceof Error,
    );
    expect(seen).toMatchObject({ code: 'ETCD_PERMISSION_DENIED', member: 'm1' });
    expect(seen).toHaveProperty('remedy', expect.stringContaining('grant-permission'));
    await cluster.etcdctl('role', 'grant-permission', 'half', 'read', '', '--prefix');
    await until(
      () => agent.look().catch((error: unknown) => error as Error),
      (one) => !(one instanceof Error) && current(one),
    );
  });

  it('stay as they are while the raft leader is gone, and the member is not asked for more', async () => {
    const cluster = await start({ members: 3 });
    const agents = cluster.members.map(({ name, endpoint }) => agentOf(name, endpoint));
    const all = () => Promise.all(agents.map(({ look }) => look()));
    const holder = (await until(all, (seen) => seen.some(current))).findIndex(current);
    await Promise.all(cluster.members.filter((_, index) => index !== holder).map((member) => member.kill()));
    const agent = agents[holder];
    const section = await until(
      async () => ({ status: await agent?.client.status(), seen: await agent?.look() }),
      ({ status }) => status?.leaderId === '0',
    );
    expect(section.seen?.phase).toBe('current');
  });
});
