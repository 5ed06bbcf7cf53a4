import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectMember } from '../../src/etcd/identity.ts';
import { MemberClient } from '../../src/etcd/member-client.ts';
import { type RealCluster, RealMember, startCluster } from '../real/cluster.ts';
import { freePort } from '../real/ports.ts';
import { startTcpProxy } from '../real/tcp-proxy.ts';

describe.each(['3.4', '3.5'] as const)('three members of etcd %s', (version) => {
  let cluster: RealCluster;
  const clients: MemberClient[] = [];

  const clientOf = (index: number): MemberClient => {
    const client = clients[index];
    if (client === undefined) throw new Error(`there is no member ${index}`);
    return client;
  };

  beforeAll(async () => {
    cluster = await startCluster({ version, members: 3 });
    for (const { name, endpoint } of cluster.members) {
      clients.push(new MemberClient({ member: name, endpoint, callTimeoutMs: 5000 }));
    }
  });

  afterAll(async () => {
    for (const client of clients) client.close();
    await cluster.close();
  });

  test('hazard 4: every client is answered by its own member, every time', async () => {
    const list = await clientOf(0).memberList();
    for (const client of clients) {
      const id = list.members.find((member) => member.name === client.member)?.id ?? '';
      for (let i = 0; i < 10; i += 1) {
        expectMember(await client.status(), { member: client.member, memberId: id, endpoint: client.endpoint });
      }
      const { kv, headerOf } = await client.etcd3();
      const put = await kv.put({ key: Buffer.from('k'), value: Buffer.from('v') });
      expect(headerOf(put).memberId).toBe(id);
    }
  });

  test('a reply from another member than the one meant is an error, and a finding', async () => {
    const [first, second] = [await clientOf(0).status(), await clientOf(1).status()];
    // What a load balancer does: the address of one member, answered by another.
    await using balancer = await startTcpProxy(Number(new URL(clientOf(1).endpoint).port));
    const client = new MemberClient({ member: 'm1', endpoint: `http://${balancer.address}` });
    try {
      const expected = { member: 'm1', memberId: first.header.memberId, endpoint: client.endpoint };
      const reply = await client.status();
      expect(() => expectMember(reply, expected)).toThrow(
        expect.objectContaining({
          code: 'ETCD_WRONG_MEMBER',
          member: 'm1',
          message: expect.stringContaining(second.header.memberId),
          remedy: expect.stringContaining('load balancer'),
        }),
      );
      expect(() => expectMember(first, expected)).not.toThrow();
    } finally {
      client.close();
    }
  });

  test('a learner is told from a voter in the member list, also before it has been started', async () => {
    const peerUrl = `http://127.0.0.1:${await freePort()}`;
    const { cluster: members } = await clientOf(0).etcd3();
    // Members that have been connected for less than five seconds count as not connected.
    const adding = (): Promise<string> =>
      members.memberAdd({ peerURLs: [peerUrl], isLearner: true }).then(
        ({ member }) => member.ID,
        ({ code }) => code,
      );
    await expect.poll(adding, { timeout: 40_000, interval: 500 }).toMatch(/^\d+$/);
    const list = await clientOf(1).memberList();
    const added = list.members.find((listed) => listed.peerUrls.includes(peerUrl));
    expect(added).toMatchObject({
      name: '',
      isLearner: true,
    });
    await members.memberRemove({ ID: String(BigInt(`0x${added?.id}`)) });
    expect((await clientOf(1).memberList()).members).toHaveLength(3);
  });

  test('with a paused raft leader the others say so, and recover', async () => {
    const { leaderId } = await clientOf(0).status();
    const list = await clientOf(0).memberList();
    const leader = cluster.members.findIndex(
      (member) => member.name === list.members.find(({ id }) => id === leaderId)?.name,
    );
    const follower = (leader + 1) % 3;
    cluster.members[leader]?.pause();
    try {
      await expect(clientOf(leader).status()).rejects.toMatchObject({ code: 'ETCD_DEADLINE' });
      await expect
        .poll(
          () =>
            clientOf(follower)
              .linearizableRead()
              .then(
                () => 'read',
                () => 'not yet',
              ),
          { timeout: 40_000 },
        )
        .toBe('read');
      expect((await clientOf(follower).status()).leaderId).not.toBe(leaderId);
    } finally {
      cluster.members[leader]?.resume();
      // Until it has heard of the other leader it would take what the next test writes, and lose it.
      await cluster.members[leader]?.ready();
    }
  });

  test('without a quorum the survivor still tells what it remembers, and that it is only that', async () => {
    const { revision } = await clientOf(2).put(Buffer.from('kept'), Buffer.from('x'));
    await cluster.members[0]?.kill();
    await cluster.members[1]?.kill();
    await expect.poll(async () => (await clientOf(2).status()).leaderId, { timeout: 40_000 }).toBe('0');
    const status = await clientOf(2).status();
    expect(status.errors.join(' ')).toContain('no leader');
    const list = await clientOf(2).memberList();
    expect([list.linearizable, list.members.length]).toEqual([false, 3]);
    const code = expect.stringMatching(/^ETCD_(NO_LEADER|TIMED_OUT|DEADLINE)$/);
    await Promise.all([
      expect(clientOf(2).linearizableRead()).rejects.toMatchObject({ code }),
      expect(clientOf(2).put(Buffer.from('lost'), Buffer.from('x'))).rejects.toMatchObject({ code }),
    ]);
    const page = await clientOf(2).range({ key: Buffer.from('kept'), serializable: true });
    expect([page.kvs[0]?.value.toString(), page.header.revision >= revision]).toEqual(['x', true]);
    expect(await clientOf(2).alarms()).toEqual([]);
    let bytes = 0;
    for await (const chunk of clientOf(2).snapshot()) bytes += chunk.blob.length;
    expect(bytes).toBeGreaterThan(10_000);
    await expect(clientOf(0).status()).rejects.toMatchObject({ code: 'ETCD_UNREACHABLE', member: 'm1' });
  });
});

describe.each(['3.4', '3.5'] as const)('a learner of etcd %s', (version) => {
  test('answers Status and reads from its own memory only', async () => {
    await using cluster = await startCluster({ version });
    const [peerUrl, endpoint] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
    const voter = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    const learner = new MemberClient({ member: 'm2', endpoint });
    const member = cluster.members[0];
    if (member === undefined) throw new Error('the cluster has no member');
    const { cluster: members } = await voter.etcd3();
    await members.memberAdd({ peerURLs: [peerUrl], isLearner: true });
    const joining = new RealMember({
      ...{ name: 'm2', endpoint, peerUrl, metricsUrl: `${endpoint}/metrics`, etcd: cluster.binaries.etcd },
      ...{ dataDir: join(cluster.folder, 'm2', 'data'), logFile: join(cluster.folder, 'm2.log') },
      args: [
        ...['--name', 'm2', '--data-dir', join(cluster.folder, 'm2', 'data')],
        ...['--listen-client-urls', endpoint, '--advertise-client-urls', endpoint],
        ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
        ...['--initial-cluster', `m1=${member.peerUrl},m2=${peerUrl}`, '--initial-cluster-state', 'existing'],
        ...['--initial-cluster-token', cluster.folder],
      ],
    });
    await joining.start({ wait: false });
    try {
      await expect
        .poll(
          () =>
            learner.status().then(
              (status) => status.isLearner,
              () => false,
            ),
          { timeout: 40_000 },
        )
        .toBe(true);
      await expect(learner.linearizableRead()).rejects.toMatchObject({ code: 'ETCD_LEARNER' });
      await expect(learner.range({ key: Buffer.from('a'), serializable: true })).resolves.toBeDefined();
      await expect(learner.put(Buffer.from('a'), Buffer.from('b'))).rejects.toMatchObject({ code: 'ETCD_LEARNER' });
      const list = await voter.memberList();
      expect(list.members.filter(({ isLearner }) => isLearner).map(({ name }) => name)).toEqual(['m2']);
      await expect(learner.memberList()).rejects.toMatchObject({ code: 'ETCD_LEARNER' });
      expect(await learner.alarms()).toEqual([]);

      await cluster.etcdctl('user', 'add', 'root:so secret');
      await cluster.etcdctl('user', 'grant-role', 'root', 'root');
      await cluster.etcdctl('auth', 'enable');
      await using asRoot = await rootOf(endpoint, member.endpoint, cluster.folder);
      // Nobody can log in there.
      expect(await asRoot.client.status()).toMatchObject({ isLearner: true });
      await cluster.etcdctl(
        '--user',
        'root:so secret',
        'member',
        'promote',
        (await asRoot.client.status()).header.memberId,
      );
      await expect.poll(async () => (await asRoot.client.status()).isLearner, { timeout: 40_000 }).toBe(false);
      await expect
        .poll(async () => asRoot.client.put(Buffer.from('a'), Buffer.from('b')).then(() => 'written', String))
        .toBe('written');
    } finally {
      await joining.kill();
      learner.close();
      voter.close();
    }
  });
});

/** Who asks a member with the password of root, and gets the token from another one where it lets nobody log in. */
async function rootOf(
  endpoint: string,
  elsewhere: string,
  folder: string,
): Promise<{ client: MemberClient } & AsyncDisposable> {
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, 'so secret\n');
  const auth = { username: 'root', passwordFile };
  const other = new MemberClient({ member: 'm1', endpoint: elsewhere, auth });
  const tokenElsewhere = (signal: AbortSignal) => other.logIn(signal);
  const client = new MemberClient({ member: 'm2', endpoint, auth, tokenElsewhere });
  return {
    client,
    [Symbol.asyncDispose]: async () => {
      client.close();
      other.close();
    },
  };
}
