import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { FsyncProbeSection } from '../../src/cluster/sections.ts';
import type { Collector } from '../../src/observe/collector.ts';
import { type FsyncProbeOptions, fsyncProbeCollector } from '../../src/observe/fsync-probe.ts';
import { probeFileName } from '../../src/observe/fsync-probe-place.ts';
import { collectOnce } from '../fixtures/sources.ts';

let folder: string;
let dataDir: string;
let collector: Collector<'fsync-probe'> | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fsync-probe-'));
  dataDir = join(folder, 'data');
});

afterEach(async () => {
  await collector?.close?.();
  collector = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** What etcd leaves in a data dir, as far as the probe looks at it. */
function memberFolders(walDir = join(dataDir, 'member', 'wal')): void {
  mkdirSync(join(dataDir, 'member', 'snap'), { recursive: true });
  mkdirSync(walDir, { recursive: true });
  writeFileSync(join(walDir, '0000000000000000-0000000000000000.wal'), '');
}

function started(options: Partial<FsyncProbeOptions> = {}): Collector<'fsync-probe'> {
  collector = fsyncProbeCollector({ dataDir, ...options });
  collector.start?.();
  return collector;
}

async function firstProbe(of: Collector<'fsync-probe'>): Promise<FsyncProbeSection['probes'][number]> {
  const [probe] = (await collectOnce(of)).probes;
  if (probe === undefined) throw new Error('no probe');
  return probe;
}

const patient = { timeout: 40_000, interval: 50 };

test('the probe writes beside the WAL, counts its latency, and leaves nothing behind', async () => {
  memberFolders();
  const file = join(dataDir, 'member', probeFileName);
  const probe = started();
  await vi.waitFor(async () => expect((await firstProbe(probe)).latency.count).toBeGreaterThan(1), patient);

  const section = await collectOnce(probe);
  expect(section.probes).toHaveLength(1);
  expect(section.probes[0]).toMatchObject({ role: 'wal', directory: join(dataDir, 'member'), failures: 0 });
  expect(section.probes[0]?.latency.sum).toBeGreaterThan(0);
  expect(statSync(file)).toMatchObject({ size: 2300 * 64 });
  expect(statSync(file).mode & 0o777).toBe(0o600);

  await probe.close?.();
  collector = undefined;
  expect(readdirSync(join(dataDir, 'member')).sort()).toEqual(['snap', 'wal']);
});

test('a WAL folder outside the data dir holds the file under a name that etcd ignores', async () => {
  const walDir = join(folder, 'elsewhere');
  memberFolders(walDir);
  const probe = started({ walDir });
  await vi.waitFor(() => expect(existsSync(join(walDir, `${probeFileName}.tmp`))).toBe(true), patient);
  expect(readdirSync(folder).sort()).toEqual(['data', 'elsewhere']);
  await probe.close?.();
  collector = undefined;
  expect(existsSync(join(walDir, `${probeFileName}.tmp`))).toBe(false);
});

test('the probe waits until etcd has written a WAL file, and puts nothing into an empty folder', async () => {
  mkdirSync(join(dataDir, 'member', 'wal'), { recursive: true });
  const probe = started();
  await vi.waitFor(async () => expect((await firstProbe(probe)).idle).toContain('first WAL file'), patient);
  expect(readdirSync(join(dataDir, 'member'))).toEqual(['wal']);
  memberFolders();
  await vi.waitFor(async () => expect((await firstProbe(probe)).latency.count).toBeGreaterThan(0), patient);
  expect((await firstProbe(probe)).idle).toBeUndefined();
});

test('a folder that was put away and replaced gets a new file', async () => {
  memberFolders();
  const probe = started();
  await vi.waitFor(async () => expect((await firstProbe(probe)).latency.count).toBeGreaterThan(0), patient);
  rmSync(dataDir, { recursive: true });
  memberFolders();
  await vi.waitFor(() => expect(existsSync(join(dataDir, 'member', probeFileName))).toBe(true), patient);
});

test('the file of a killed agent is used again, and removed where the probe is off', async () => {
  memberFolders();
  const file = join(dataDir, 'member', probeFileName);
  writeFileSync(file, 'x'.repeat(500_000));
  const probe = started({ enabled: false });
  await vi.waitFor(() => expect(existsSync(file)).toBe(false), patient);
  expect(await firstProbe(probe)).toMatchObject({ idle: 'off by configuration', latency: { count: 0 } });
  await probe.close?.();

  writeFileSync(file, 'x'.repeat(500_000));
  started();
  await vi.waitFor(() => expect(statSync(file).size).toBe(2300 * 64), patient);
});

test('where little space is left, nothing is written, and the reason is given', async () => {
  memberFolders();
  const probe = started({ minimumAvailableRatio: 1 });
  await vi.waitFor(
    async () => expect((await firstProbe(probe)).idle).toMatch(/only \d+\.\d % of the file system/),
    patient,
  );
  expect(await firstProbe(probe)).toMatchObject({ failures: 0, latency: { count: 0 } });
  expect(readdirSync(join(dataDir, 'member')).sort()).toEqual(['snap', 'wal']);
});

test('a data dir on another device than the WAL is probed too', async () => {
  const memory = mkdtempSync('/dev/shm/fsync-probe-');
  try {
    memberFolders(join(memory, 'wal'));
    const probe = started({ walDir: join(memory, 'wal') });
    await vi.waitFor(async () => {
      const { probes } = await collectOnce(probe);
      expect(probes.map(({ role }) => role)).toEqual(['wal', 'data']);
      for (const { latency } of probes) expect(latency.count).toBeGreaterThan(0);
    }, patient);
    const { probes } = await collectOnce(probe);
    expect(probes.map(({ directory }) => directory)).toEqual([join(memory, 'wal'), join(dataDir, 'member')]);
    await probe.close?.();
    collector = undefined;
    expect(existsSync(join(dataDir, 'member', probeFileName))).toBe(false);
  } finally {
    rmSync(memory, { recursive: true });
  }
});

test('a symbolic link in place of the file is refused and counted as a failure', async () => {
  memberFolders();
  const victim = join(folder, 'victim');
  writeFileSync(victim, 'precious');
  symlinkSync(victim, join(dataDir, 'member', probeFileName));
  const probe = started();
  await vi.waitFor(async () => expect((await firstProbe(probe)).failures).toBeGreaterThan(0), patient);
  expect((await firstProbe(probe)).fault?.code).toBe('ELOOP');
  expect(statSync(victim).size).toBe('precious'.length);
});

test('an interval under a second is refused', () => {
  expect(() => fsyncProbeCollector({ dataDir, intervalMs: 200 })).toThrow(/every 200 ms/);
});
