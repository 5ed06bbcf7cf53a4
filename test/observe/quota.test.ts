import { describe, expect, test } from 'vitest';
import { MemberClient } from '../../src/etcd/member-client.ts';
import type { StatusReply } from '../../src/etcd/types.ts';
import { quotaCollector, quotaMetricFamilies } from '../../src/observe/quota.ts';
import { livePage, pageOf, recordedPage } from '../fixtures/metrics-page.ts';
import { collectOnce } from '../fixtures/sources.ts';
import { type RealMember, startCluster } from '../real/cluster.ts';

const gib = 1024 ** 3;

const status = (given: Partial<StatusReply> = {}) => ({
  status: async (): Promise<StatusReply> => ({
    header: { clusterId: '1', memberId: '2', revision: 1n, raftTerm: 2n },
    version: '3.5.30',
    dbSizeBytes: gib,
    dbSizeInUseBytes: gib / 4,
    leaderId: '2',
    raftIndex: 1n,
    raftTerm: 2n,
    raftAppliedIndex: 1n,
    errors: [],
    isLearner: false,
    ...given,
  }),
});

const page = (text: string) => ({ metricsPage: async () => pageOf(text) });
const noPage = { metricsPage: () => Promise.reject(new Error('connection refused')) };

test.each(['3.4.23', '3.5.30'])("the quota comes from etcd %s's own page", async (version) => {
  const text = recordedPage(version);
  expect(await collectOnce(quotaCollector(), { ...status(), ...page(text) })).toEqual({
    quotaBytes: 2 * gib,
    quotaSource: 'metrics',
    usedRatio: 0.5,
    dbSizeBytes: gib,
    dbSizeInUseBytes: gib / 4,
    fragmentationRatio: 0.75,
  });
  for (const family of quotaMetricFamilies) expect(text).toContain(`# TYPE ${family} `);
});

test('where Status has the quota, the page is not asked for', async () => {
  const section = await collectOnce(quotaCollector(), status({ dbSizeQuotaBytes: 4 * gib }));
  expect(section).toMatchObject({ quotaBytes: 4 * gib, quotaSource: 'status', usedRatio: 0.25 });
});

test('where there is no page, the flag tells the quota', async () => {
  const section = await collectOnce(quotaCollector({ flagBytes: () => 8 * gib }), { ...status(), ...noPage });
  expect(section).toMatchObject({ quotaBytes: 8 * gib, quotaSource: 'flag' });
});

test('a quota of 0 is the 2 GiB that etcd takes it for', async () => {
  const section = await collectOnce(quotaCollector({ flagBytes: () => 0 }), { ...status(), ...noPage });
  expect(section).toMatchObject({ quotaBytes: 2 * gib, quotaSource: 'default' });
});

test('a negative quota is none: no ratio, and never full', async () => {
  const section = await collectOnce(quotaCollector(), { ...status(), ...page('etcd_server_quota_backend_bytes -1') });
  expect(section).toMatchObject({ quotaSource: 'disabled', fullInSeconds: Number.POSITIVE_INFINITY });
  expect(section.quotaBytes).toBeUndefined();
  expect(section.usedRatio).toBeUndefined();
});

test('a quota that nothing tells is unknown, not a guess', async () => {
  const section = await collectOnce(quotaCollector(), { ...status(), ...noPage });
  expect(section).toEqual({
    quotaSource: 'unknown',
    dbSizeBytes: gib,
    dbSizeInUseBytes: gib / 4,
    fragmentationRatio: 0.75,
  });
});

test('an empty database is not fragmented', async () => {
  const empty = { ...status({ dbSizeBytes: 0, dbSizeInUseBytes: 0, dbSizeQuotaBytes: gib }) };
  expect(await collectOnce(quotaCollector(), empty)).toMatchObject({ fragmentationRatio: 0, usedRatio: 0 });
});

describe.each(['3.4', '3.5'] as const)('on a real etcd %s', (version) => {
  const sourcesOf = (member: RealMember, client: MemberClient) => ({
    status: () => client.status(),
    metricsPage: () => livePage(member.metricsUrl),
  });

  const realMember = async (quotaBytes: number) => {
    const cluster = await startCluster({ version, quotaBytes });
    const [member] = cluster.members;
    if (member === undefined) throw new Error('no member');
    const client = new MemberClient({ member: member.name, endpoint: member.endpoint });
    return {
      client,
      sources: sourcesOf(member, client),
      [Symbol.asyncDispose]: async () => {
        client.close();
        await cluster.close();
      },
    };
  };

  test('--quota-backend-bytes=0 is 2 GiB', async () => {
    await using member = await realMember(0);
    const section = await collectOnce(quotaCollector(), member.sources);
    expect(section).toMatchObject({ quotaBytes: 2 * gib });
    expect(section.usedRatio).toBeLessThan(0.01);
  });

  test('--quota-backend-bytes=-1 is no quota', async () => {
    await using member = await realMember(-1);
    expect(await collectOnce(quotaCollector(), member.sources)).toMatchObject({
      quotaSource: 'disabled',
      fullInSeconds: Number.POSITIVE_INFINITY,
    });
  });

  test('the forecast for a database of 64 MiB comes near to when etcd refuses a put', async () => {
    await using member = await realMember(64 * 1024 ** 2);
    const { kv } = await member.client.etcd3();
    // A clock that goes on by a second with each put, so that the pace of the machine is of no matter.
    let puts = 0;
    const quota = quotaCollector({ now: () => puts * 1000 });
    const put = async () => {
      await kv.put({ key: Buffer.from(`key-${puts}`), value: Buffer.alloc(256 * 1024, puts) });
      puts += 1;
    };
    while (puts < 100) {
      await put();
      if (puts % 5 === 0) await collectOnce(quota, member.sources);
    }
    const forecast = await collectOnce(quota, member.sources);
    const forecastAt = puts;
    const refused = await (async () => {
      for (;;) await put();
    })().catch((error: unknown) => String(error));
    expect(refused).toContain('space exceeded');
    // Written this fast, the file holds a tenth of pages that are free but not yet usable; so no closer than this.
    expect(forecast.fullInSeconds).toBeGreaterThan((puts - forecastAt) / 1.5);
    expect(forecast.fullInSeconds).toBeLessThan((puts - forecastAt) * 1.5);

    const full = await collectOnce(quota, member.sources);
    expect(full.usedRatio).toBeGreaterThan(0.95);
    // Etcd refuses a put that would not fit any more, so the file may be a little smaller than the quota.
    expect(full.fullInSeconds).toBeLessThan(0.15 * puts);
  });
});
