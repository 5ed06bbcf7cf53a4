import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Connection } from '../../src/etcd/connection.ts';
import { CredentialFiles } from '../../src/etcd/credentials.ts';
import { MemberClient } from '../../src/etcd/member-client.ts';
import { resolveOptions } from '../../src/etcd/resolved-options.ts';
import { Session } from '../../src/etcd/session.ts';
import { type RealCluster, startCluster } from '../real/cluster.ts';
import { startTcpProxy } from '../real/tcp-proxy.ts';

const key = (text: string): Buffer => Buffer.from(text);

describe.each(['3.4', '3.5'] as const)('password authentication, on etcd %s', (version) => {
  let cluster: RealCluster;
  let folder: string;
  let rootPassword: string;
  const clients: MemberClient[] = [];

  const connect = (auth?: { username: string; passwordFile: string }): MemberClient => {
    const client = new MemberClient({
      member: 'm1',
      endpoint: cluster.endpoints[0] ?? '',
      ...(auth === undefined ? {} : { auth }),
    });
    clients.push(client);
    return client;
  };
  const passwordFile = async (name: string, password: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, password);
    return path;
  };

  beforeAll(async () => {
    cluster = await startCluster({
      version,
      auth: { rootPassword: 'so secret' },
      extraArgs: ['--auth-token-ttl', '2'],
    });
    folder = await mkdtemp(join(tmpdir(), 'caretaker-password-'));
    rootPassword = await passwordFile('root', 'so secret\n');
    await cluster.etcdctl('user', 'add', 'reader:weak');
    await cluster.etcdctl('role', 'add', 'reads-a');
    await cluster.etcdctl('role', 'grant-permission', 'reads-a', 'read', 'a/', '--prefix');
    await cluster.etcdctl('user', 'grant-role', 'reader', 'reads-a');
    await cluster.etcdctl('put', 'a/1', 'x');
  });

  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });

  afterAll(async () => {
    await cluster.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('hazard 1: a snapshot carries the token', async () => {
    const client = connect({ username: 'root', passwordFile: rootPassword });
    let bytes = 0;
    for await (const chunk of client.snapshot()) bytes += chunk.blob.length;
    expect(bytes).toBeGreaterThan(10_000);
  });

  test('reads, writes, watches and leases carry the token', async () => {
    const client = connect({ username: 'root', passwordFile: rootPassword });
    expect((await client.status()).header.memberId).toMatch(/^[0-9a-f]+$/);
    expect((await client.memberList()).linearizable).toBe(true);
    expect(await client.alarms()).toEqual([]);
    const { revision } = await client.put(key('a/2'), key('y'));
    for await (const batch of client.watch({ key: key('a/2'), startRevision: revision })) {
      if (batch.kind === 'created') continue;
      expect(batch.events[0]?.kv.value.toString()).toBe('y');
      break;
    }
    const { lease } = await client.etcd3();
    const { ID } = await lease.leaseGrant({ TTL: 30, ID: 0 });
    expect(await client.keepLeaseAlive(BigInt(ID))).toBe(30);
    await lease.leaseRevoke({ ID });
  });

  test('a token that has expired is replaced without the caller noticing', async () => {
    const auth = { username: 'root', passwordFile: rootPassword };
    const [client, reader] = [connect(auth), connect(auth)];
    await client.put(key('a/3'), key('1'));
    await reader.put(key('a/3'), key('1'));
    await sleep(4000);
    await expect(client.put(key('a/3'), key('2'))).resolves.toBeDefined();
    let pieces = 0;
    for await (const _ of reader.snapshot()) pieces += 1;
    expect(pieces).toBeGreaterThan(0);
  });

  test('a token that a restart has made worthless is replaced', async () => {
    const client = connect({ username: 'root', passwordFile: rootPassword });
    await client.range({ key: key('a/1') });
    await cluster.members[0]?.kill();
    await cluster.members[0]?.start();
    await expect(client.range({ key: key('a/1') })).resolves.toMatchObject({ count: 1 });
  });

  test('a wrong password is said to be one, and does not show up in the error', async () => {
    const client = connect({ username: 'root', passwordFile: await passwordFile('wrong', 'not-it') });
    const error = await client.put(key('a/4'), key('x')).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'ETCD_AUTH_FAILED',
      member: 'm1',
      remedy: expect.stringContaining('passwordFile'),
    });
    expect(String(error)).not.toContain('not-it');
  });

  test('no user at all is said to be missing', async () => {
    await expect(connect().put(key('a/5'), key('x'))).rejects.toMatchObject({ code: 'ETCD_AUTH_REQUIRED' });
    await expect(connect().range({ key: key('a/1') })).rejects.toMatchObject({ code: 'ETCD_AUTH_REQUIRED' });
  });

  test('without a user a linearizable read still says that there is a quorum', async () => {
    await expect(connect().linearizableRead()).resolves.toMatchObject({ seconds: expect.any(Number) });
  });

  // The same with every version of etcd.
  if (version === '3.5') {
    test('whoever gives up during the login ends at once, and leaves the login to the others', async () => {
      await using proxy = await startTcpProxy(Number(new URL(cluster.endpoints[0] ?? '').port));
      const auth = { username: 'root', passwordFile: rootPassword };
      const credentials = await new CredentialFiles({ member: 'm1', secure: false, auth }).current();
      const options = resolveOptions({ member: 'm1', endpoint: `http://${proxy.address}`, auth });
      const session = new Session(options, credentials, () => undefined);
      await session.ready(undefined);
      proxy.delay(500);
      const [first, second] = [new AbortController(), new AbortController()];
      const ends: string[] = [];
      const login = (name: string, signal?: AbortSignal): Promise<unknown> =>
        session.metadata(signal).then(
          (metadata) => ends.push(`${name} has ${metadata.get('token').length} token`),
          () => ends.push(`${name} gave up`),
        );
      const logins = [login('first', first.signal), login('second', second.signal), login('third')];
      second.abort();
      first.abort();
      await Promise.all(logins);
      session.retire();
      expect(ends).toEqual(['second gave up', 'first gave up', 'third has 1 token']);
    });

    test('a login that gets no answer in time is a deadline, never a refusal', async () => {
      const auth = { username: 'root', passwordFile: rootPassword };
      const endpoint = cluster.endpoints[0] ?? '';
      const connection = new Connection({ member: 'm1', endpoint, auth, callTimeoutMs: 600 });
      const session = await connection.open('Login', undefined);
      cluster.members[0]?.pause();
      try {
        const late = await connection.run('Range', AbortSignal.timeout(200), () => Promise.resolve()).catch((e) => e);
        expect(late).toMatchObject({ code: 'ETCD_DEADLINE', message: expect.stringContaining('no answer in time') });
        const login = session.metadata(AbortSignal.timeout(100));
        const error: unknown = await login.catch((reason: unknown) => reason);
        // Whoever's timeout it was: this caller has none.
        const explained = await connection.explain(error, 'Range', undefined, session);
        expect(explained).toMatchObject({
          code: 'ETCD_DEADLINE',
          message: expect.stringContaining('no answer in time'),
        });
      } finally {
        cluster.members[0]?.resume();
        session.release();
        connection.close();
      }
    });
  }

  test('a user without the permission is told so; the linearizable read still says whether there is a quorum', async () => {
    const client = connect({ username: 'reader', passwordFile: await passwordFile('reader', 'weak') });
    await expect(client.range({ key: key('a/1') })).resolves.toMatchObject({ count: 1 });
    await expect(client.range({ key: key('b/1') })).rejects.toMatchObject({ code: 'ETCD_PERMISSION_DENIED' });
    await expect(client.put(key('a/1'), key('x'))).rejects.toMatchObject({ code: 'ETCD_PERMISSION_DENIED' });
    await expect(client.linearizableRead()).resolves.toMatchObject({ seconds: expect.any(Number) });
    const snapshot = client.snapshot().next();
    await expect(snapshot).rejects.toMatchObject({ code: 'ETCD_PERMISSION_DENIED' });
    const watching = (async () => {
      for await (const batch of client.watch({ key: key('b/') })) expect(batch.kind).toBe('created');
    })();
    await expect(watching).rejects.toMatchObject({ code: 'ETCD_PERMISSION_DENIED' });
  });

  // The same with every version of etcd.
  if (version === '3.5') {
    test('a password file that changes is read again, without a restart and without losing a watch', async () => {
      await cluster.etcdctl('user', 'add', 'changing:first');
      const path = await passwordFile('changing', 'first');
      await cluster.etcdctl('user', 'grant-role', 'changing', 'root');
      const client = connect({ username: 'changing', passwordFile: path });
      await client.put(key('a/6'), key('before'));
      const watch = client.watch({ key: key('a/6') });
      expect((await watch.next()).value?.kind).toBe('created');

      const other = await passwordFile('changing.new', 'second');
      await cluster.etcdctl('user', 'delete', 'changing');
      await cluster.etcdctl('user', 'add', 'changing:second');
      await cluster.etcdctl('user', 'grant-role', 'changing', 'root');
      await rename(other, path);
      await sleep(1100);
      await expect(client.put(key('a/6'), key('after'))).resolves.toBeDefined();
      const { value } = await watch.next();
      expect(value?.events[0]?.kv.value.toString()).toBe('after');
      await watch.return();
    });

    test('a user where authentication is not enabled does no harm', async () => {
      await using open = await startCluster({ version });
      const client = new MemberClient({
        member: 'm1',
        endpoint: open.endpoints[0] ?? '',
        auth: { username: 'root', passwordFile: rootPassword },
      });
      clients.push(client);
      await expect(client.put(key('x'), key('y'))).resolves.toBeDefined();
      await open.etcdctl('user', 'add', 'root:so secret');
      await open.etcdctl('user', 'grant-role', 'root', 'root');
      await open.etcdctl('auth', 'enable');
      await expect(client.put(key('x'), key('z'))).resolves.toBeDefined();
    });

    test.each([
      ['is missing', undefined],
      ['is empty', '\n'],
    ])('a password file that %s is one clear error', async (name, content) => {
      const path = join(folder, `bad ${name}`);
      if (content !== undefined) await writeFile(path, content);
      const client = connect({ username: 'root', passwordFile: path });
      await expect(client.status()).rejects.toMatchObject({
        code: 'ETCD_PASSWORD_UNREADABLE',
        message: expect.stringContaining(path),
      });
    });
  }
});
