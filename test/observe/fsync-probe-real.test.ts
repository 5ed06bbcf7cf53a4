import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { Histogram } from '../../src/cluster/sections.ts';
import type { Collector } from '../../src/observe/collector.ts';
import { fsyncProbeCollector } from '../../src/observe/fsync-probe.ts';
import { probeFileName } from '../../src/observe/fsync-probe-place.ts';
import { walCollector } from '../../src/observe/wal.ts';
import { livePage } from '../fixtures/metrics-page.ts';
import { collectOnce } from '../fixtures/sources.ts';
import { startCluster } from '../real/cluster.ts';
import { slowFsync } from '../real/slow-fsync.ts';

const patient = { timeout: 40_000, interval: 100 };

function startProbe(dataDir: string, walDir?: string) {
  const probe = fsyncProbeCollector({ dataDir, ...(walDir === undefined ? {} : { walDir }) });
  probe.start?.();
  return Object.assign(probe, { [Symbol.asyncDispose]: async () => probe.close?.() });
}

async function only(probe: Collector<'fsync-probe'>) {
  const [reading, ...others] = (await collectOnce(probe)).probes;
  if (reading === undefined || others.length > 0) throw new Error('expected one probe');
  return reading;
}

const slowerThan = (seconds: number, { edges, counts, count }: Histogram) =>
  count - (counts[edges.indexOf(seconds)] ?? Number.NaN);

async function oneMember(version: '3.4' | '3.5', extraArgs: readonly string[] = []) {
  const cluster = await startCluster({ version, extraArgs });
  const [member] = cluster.members;
  if (member === undefined) throw new Error('no member');
  return { cluster, member, [Symbol.asyncDispose]: () => cluster.close() };
}

describe.each(['3.4', '3.5'] as const)('beside a real etcd %s', (version) => {
  test.each(['in its default place', 'in a folder elsewhere'])(
    'etcd says nothing of the probe when it starts again with its WAL %s',
    async (place) => {
      const folder = await mkdtemp(join(tmpdir(), 'wal-elsewhere-'));
      const walDir = place === 'in its default place' ? undefined : join(folder, 'wal');
      await using started = await oneMember(version, walDir === undefined ? [] : ['--wal-dir', walDir]);
      const { member } = started;
      const file =
        walDir === undefined ? join(member.dataDir, 'member', probeFileName) : join(walDir, `${probeFileName}.tmp`);
      const probe = startProbe(member.dataDir, walDir);
      await vi.waitFor(async () => expect((await only(probe)).latency.count).toBeGreaterThan(0), patient);
      expect(existsSync(file)).toBe(true);
      await member.stop();
      await member.start();
      expect(readFileSync(member.logFile, 'utf8')).not.toContain('fsync-probe');
      await probe.close?.();
      expect(existsSync(file)).toBe(false);
      await rm(folder, { recursive: true });
    },
  );

  test("a slow disk shows in the probe's histogram and in etcd's alike", async () => {
    await using started = await oneMember(version);
    const { cluster, member } = started;
    const sources = { metricsPage: () => livePage(member.metricsUrl) };
    await using probe = startProbe(member.dataDir);
    const wal = walCollector();
    await vi.waitFor(async () => expect((await only(probe)).latency.count).toBeGreaterThan(0), patient);
    await cluster.etcdctl('put', 'before', '1');
    await collectOnce(wal, sources);
    const before = (await only(probe)).latency;

    // This process stands for the agent: the probe's thread is in it.
    await using _agent = await slowFsync(process.pid, 300);
    await using _etcd = await slowFsync(member.pid, 300);
    for (const value of ['1', '2', '3']) await cluster.etcdctl('put', 'while-slow', value);
    await vi.waitFor(
      async () => expect(slowerThan(0.1, (await only(probe)).latency)).toBeGreaterThan(slowerThan(0.1, before) + 1),
      patient,
    );
    const section = await collectOnce(wal, sources);
    expect(section.walFsyncsInInterval).toBeGreaterThanOrEqual(3);
    expect(section.walFsyncP99Seconds).toBeGreaterThan(0.256);
    expect(slowerThan(0.1, (await only(probe)).latency)).toBeGreaterThan(0);
  });
});

test('a disk that hangs holds up no answer: the write is shown as pending, and counted when it ends', async () => {
  await using started = await oneMember('3.5');
  await using probe = startProbe(started.member.dataDir);
  await vi.waitFor(async () => expect((await only(probe)).latency.count).toBeGreaterThan(0), patient);
  const hung = await slowFsync(process.pid, 20_000);
  const before = slowerThan(1, (await only(probe)).latency);
  try {
    await vi.waitFor(async () => expect((await only(probe)).pendingSeconds).toBeGreaterThan(2), patient);
    expect((await only(probe)).idle).toMatch(/has been waiting for \d+ s/);
  } finally {
    await hung.stop();
  }
  await vi.waitFor(async () => {
    const { latency, pendingSeconds } = await only(probe);
    expect(slowerThan(1, latency)).toBeGreaterThan(before);
    expect(pendingSeconds).toBeUndefined();
  }, patient);
});

test('an agent whose disk hangs is told so when it stops, and does not wait for the disk', async () => {
  await using started = await oneMember('3.5');
  const probe = startProbe(started.member.dataDir);
  await vi.waitFor(async () => expect((await only(probe)).latency.count).toBeGreaterThan(0), patient);
  const hung = await slowFsync(process.pid, 20_000);
  try {
    await vi.waitFor(async () => expect((await only(probe)).pendingSeconds).toBeGreaterThan(1), patient);
    await expect(probe.close?.()).rejects.toMatchObject({ code: 'DISK_HUNG' });
  } finally {
    await hung.stop();
  }
});
