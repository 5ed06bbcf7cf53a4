import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { diskCollector } from '../../src/observe/disk.ts';
import { filesystemCollector } from '../../src/observe/filesystem.ts';
import { hostCollector } from '../../src/observe/host.ts';
import { memberMachine } from '../../src/observe/machine.ts';
import { pressureCollector } from '../../src/observe/pressure.ts';
import { processCollector } from '../../src/observe/process.ts';
import { roundNow } from '../fixtures/linux/round.ts';
import { startCluster } from '../real/cluster.ts';

describe('on this very machine', () => {
  let folder: string;

  // Beside the sources and not in the temporary folder, which may be in memory.
  beforeEach(() => {
    folder = mkdtempSync(join(process.cwd(), '.machine-test-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  function write(bytes: number): void {
    const file = openSync(join(folder, 'written'), 'w');
    writeSync(file, Buffer.alloc(bytes, 1));
    fdatasyncSync(file);
    closeSync(file);
  }

  test('the counters of the device under a directory grow with what is written and synced there', async () => {
    const collector = diskCollector(memberMachine({ dataDir: folder }));
    const before = (await collector.collect(roundNow())).devices[1];
    const bytes = 8 * 1024 * 1024;
    write(bytes);
    const after = (await collector.collect(roundNow())).devices[1];
    if (before?.unresolved !== undefined) {
      // On an overlay or in memory there is no device to be named, and that is what must be said.
      expect(before).not.toHaveProperty('counters');
      return;
    }
    expect(after?.device).toBe(before?.device);
    expect((after?.counters?.writtenBytes ?? 0) - (before?.counters?.writtenBytes ?? 0)).toBeGreaterThanOrEqual(bytes);
    expect(after?.counters?.writesCompleted).toBeGreaterThan(before?.counters?.writesCompleted ?? 0);
  });

  test('the file system has a size, some room and inodes', async () => {
    const { filesystems } = await filesystemCollector(memberMachine({ dataDir: folder })).collect(roundNow());
    for (const { sizeBytes, availableBytes, readOnly } of filesystems) {
      expect(availableBytes).toBeGreaterThan(0);
      expect(sizeBytes).toBeGreaterThan(availableBytes);
      expect(readOnly).toBe(false);
    }
  });

  test('the host has a name, a kernel and memory', async () => {
    const host = await hostCollector().collect(roundNow());
    expect(host).toMatchObject({ hostname: hostname(), distribution: expect.stringMatching(/./) });
    expect(host.memoryBytes).toBeGreaterThan(0);
    expect(host.cpus).toBeGreaterThan(0);
  });
});

describe.each(['3.4', '3.5'] as const)('a real etcd %s', (version) => {
  test('is found among three by its data dir or by its endpoint alone, and again after a restart', async () => {
    await using cluster = await startCluster({ members: 3, version, extraArgs: ['--quota-backend-bytes=67108864'] });
    for (const { dataDir, endpoint, pid } of cluster.members) {
      const byDataDir = await processCollector(memberMachine({ dataDir })).collect(roundNow());
      expect(byDataDir).toMatchObject({ pid, foundBy: 'data-dir' });
      const machine = memberMachine({ endpoint });
      const section = await processCollector(machine).collect(roundNow());
      expect(section).toMatchObject({ pid, foundBy: 'listening-socket' });
      expect(section.settings).toMatchObject({ 'data-dir': dataDir, 'quota-backend-bytes': '67108864' });
      expect(section.residentBytes).toBeGreaterThan(10_000_000);
      expect(section.openFds).toBeGreaterThan(5);
      expect(Math.abs(Date.now() - section.startedAtMs)).toBeLessThan(60_000);
      // Without a configured data dir the disk is found through the process.
      const { devices } = await diskCollector(machine).collect(roundNow());
      expect(devices.map(({ path }) => path)).toEqual([join(dataDir, 'member/wal'), dataDir]);
    }
    const [first] = cluster.members;
    if (first === undefined) throw new Error('no member');
    const machine = memberMachine({ dataDir: first.dataDir, endpoint: first.endpoint });
    const collector = processCollector(machine);
    const before = await collector.collect(roundNow());
    await first.stop();
    await expect(collector.collect(roundNow())).rejects.toMatchObject({ code: 'ETCD_PROCESS_NOT_FOUND' });
    await first.start();
    const after = await collector.collect(roundNow());
    expect(after.pid).toBe(first.pid);
    expect(after.pid).not.toBe(before.pid);
    // Whether the kernel has PSI or not: a section or the one error that says so.
    const pressure = await pressureCollector(machine)
      .collect(roundNow())
      .catch((error: unknown) => error);
    if (pressure instanceof Error) expect(pressure).toMatchObject({ code: 'PSI_UNAVAILABLE' });
    else expect(pressure).toHaveProperty('stalls');
  });
});
