import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MemberClient } from '../../src/etcd/member-client.ts';
import { memberCollector } from '../../src/observe/member.ts';
import { MemberIdentity, roundSources } from '../../src/observe/round-sources.ts';
import type { Sources } from '../../src/observe/sources.ts';
import { livePage } from '../fixtures/metrics-page.ts';
import { collectOnce } from '../fixtures/sources.ts';
import { type RealCluster, type RealMember, startCluster } from '../real/cluster.ts';

const clients: MemberClient[] = [];

const connect = ({ name, endpoint }: RealMember): MemberClient => {
  const client = new MemberClient({ member: name, endpoint });
  clients.push(client);
  return client;
};

const only = ({ members: [member] }: RealCluster): RealMember => {
  if (member === undefined) throw new Error('no member');
  return member;
};

const collectorOf = (member: string, client: MemberClient) =>
  memberCollector({
    member,
    endpoint: client.endpoint,
    linearizableRead: async (signal) => (await client.linearizableRead(signal)).seconds,
    readTimeoutMs: 20_000,
  });

const sourcesOf = (client: MemberClient): Partial<Sources> => ({
  status: () => client.status(),
  members: () => client.memberList(),
});

afterAll(() => {
  for (const client of clients.splice(0)) client.close();
});

describe('on etcd 3.4 with authentication on and no user', () => {
  let cluster: RealCluster;

  beforeAll(async () => {
    cluster = await startCluster({ version: '3.4', auth: { rootPassword: 'so secret' } });
  });
  afterAll(() => cluster.close());

  test('a refused read is no lost quorum', async () => {
    const member = only(cluster);
    const section = await collectOnce(collectorOf(member.name, connect(member)), sourcesOf(connect(member)));
    expect(section).toMatchObject({ state: 'healthy', findings: [], linearizableReadSeconds: expect.any(Number) });
  });
});

describe.each(['3.4', '3.5'] as const)('on etcd %s', (version) => {
  let cluster: RealCluster;

  beforeAll(async () => {
    cluster = await startCluster({ version, members: 2 });
  });
  afterAll(() => cluster.close());

  test('a read that fails for another reason than the quorum is told as what it is', async () => {
    const client = connect(only(cluster));
    const closed = connect(only(cluster));
    closed.close();
    const section = await collectOnce(collectorOf('m1', closed), sourcesOf(client));
    expect(section.state).toBe('healthy');
    expect(section.findings).toMatchObject([{ code: 'ETCD_CLOSED', severity: 'warning' }]);
  });

  test('a wrong member.name is said, with the right one', async () => {
    const client = connect(only(cluster));
    const { findings } = await collectOnce(collectorOf('WRONG', client), sourcesOf(client));
    expect(findings).toMatchObject([
      { code: 'MEMBER_NAME_MISMATCH', message: expect.stringMatching(/called m1,.*WRONG/), severity: 'critical' },
    ]);
  });

  const rounds = (name: string) => {
    const [own, other] = cluster.members.map(connect);
    if (own === undefined || other === undefined) throw new Error('no members');
    const identity = new MemberIdentity({ member: name, endpoint: own.endpoint, metricsUrl: 'http://page' });
    const [ownPage = '', otherPage = ''] = cluster.members.map(({ metricsUrl }) => metricsUrl);
    const sources = (answering: MemberClient, pageUrl = ownPage): Sources =>
      roundSources(
        {
          status: () => answering.status(),
          members: () => own.memberList(),
          metricsPage: () => livePage(pageUrl),
        },
        identity,
      );
    return { own, other, ownPage, otherPage, sources };
  };

  test('also under a wrong name, another member that begins to answer is found out', async () => {
    const { own, other, sources } = rounds('WRONG');
    await expect(sources(own).status()).resolves.toBeDefined();
    await expect(sources(other).status()).rejects.toMatchObject({ code: 'ETCD_WRONG_MEMBER' });
    await expect(sources(own).status()).resolves.toBeDefined();
  });

  test("another member's metrics page is refused, the own one is not", async () => {
    const { own, ownPage, otherPage, sources } = rounds('m1');
    await expect(sources(own, ownPage).metricsPage()).resolves.toBeDefined();
    await expect(sources(own, otherPage).metricsPage()).rejects.toMatchObject({
      code: 'ETCD_WRONG_MEMBER',
      message: expect.stringContaining('http://page'),
    });
  });

  test('the own id is known by name while the own member does not answer', async () => {
    const { own, sources } = rounds('m1');
    const closed = connect(only(cluster));
    const id = (await own.status()).header.memberId;
    closed.close();
    await expect(sources(closed).ownId()).resolves.toBe(id);
  });
});
