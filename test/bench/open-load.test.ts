import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type RealMember, startCluster } from '../real/cluster.ts';
import { defragmentations } from './defragmentations.ts';
import { longestStallMs, waits, within } from './load-figures.ts';
import { startOpenLoad } from './open-load.ts';

const rates = { writesPerSecond: 60, readsPerSecond: 60 };
const pauseMs = 2000;

const paused = async (member: RealMember | undefined): Promise<void> => {
  member?.pause();
  await sleep(pauseMs);
  member?.resume();
};

test('every request that was to be sent while a member stood still has waited for it, and none through the others', async () => {
  await using cluster = await startCluster({ members: 3 });
  await using load = await startOpenLoad(cluster.members, rates);
  const status = await cluster.etcdctl('endpoint', 'status', '-w', 'json');
  const endpoints: readonly { Endpoint: string; Status: { leader: number; header: { member_id: number } } }[] =
    JSON.parse(status);
  const follower = endpoints.find(({ Status }) => Status.leader !== Status.header.member_id)?.Endpoint;
  const index = cluster.members.findIndex(({ endpoint }) => endpoint === follower);
  const fromMs = Date.now();
  await paused(cluster.members[index]);
  const span = { fromMs, toMs: Date.now() };
  const loads = await load.stop();
  const ofFollower = loads.filter((_, i) => i === index);
  for (const kind of ['writes', 'reads'] as const) {
    const through = waits(ofFollower, kind, within(span));
    expect(through.longestMs).toBeGreaterThan(pauseMs * 0.9);
    expect(through.requests).toBeGreaterThan((pauseMs / 1000) * (rates.writesPerSecond / 3) * 0.9);
    expect(through.failedTwice).toBe(0);
    expect(longestStallMs(ofFollower, kind, within(span))).toBeGreaterThan(pauseMs * 0.9);
    // They were sent all along, so half of them have waited for half of the time or longer.
    expect(through.p50Ms).toBeGreaterThan(pauseMs * 0.3);
    const others = loads.filter((_, i) => i !== index);
    expect(waits(others, kind, within(span)).p50Ms).toBeLessThan(through.p50Ms);
    expect(longestStallMs(others, kind, within(span))).toBeGreaterThan(0);
  }
});

test('requests that a dead member cannot take fail twice, and the reason is counted', async () => {
  await using cluster = await startCluster({ members: 1 });
  await using load = await startOpenLoad(cluster.members, rates);
  await cluster.members[0]?.kill();
  await sleep(500);
  const [only] = await load.stop();
  const through = waits(only === undefined ? [] : [only], 'writes', () => true);
  expect(through.failedTwice).toBeGreaterThan(0);
  expect(through.failed).toBeGreaterThanOrEqual(through.failedTwice);
  expect([...(only?.faults.keys() ?? [])].join()).toContain('ECONNREFUSED');
});

test.each(['3.4', '3.5'] as const)('the log of etcd %s tells when it was defragmented', async (version) => {
  await using cluster = await startCluster({ version });
  const [member] = cluster.members;
  await cluster.etcdctl('defrag');
  const fromMs = Date.now();
  await sleep(10);
  await cluster.etcdctl('defrag');
  const spans = member === undefined ? [] : defragmentations(member, fromMs);
  expect(spans).toHaveLength(1);
  expect(spans[0]?.toMs).toBeGreaterThanOrEqual(spans[0]?.fromMs ?? Number.NaN);
  expect(spans[0]?.toMs).toBeLessThanOrEqual(Date.now());
});
