import { expect, it, vi } from 'vitest';
import { fsyncProbeCollector } from '../../src/observe/fsync-probe.ts';
import { collectOnce } from '../fixtures/sources.ts';
import { startCluster } from '../real/cluster.ts';
import { mountSmallFilesystem } from '../real/small-filesystem.ts';
import { runningAgent } from './running-agent.ts';

/** Room for the two WAL files of 64 MB that etcd allocates at its start, and some more. */
const sizeBytes = 192 * 2 ** 20;

it('stays up beside a member whose disk is full, says which it is, and goes on when there is room again', async () => {
  await using disk = mountSmallFilesystem(sizeBytes);
  await using cluster = await startCluster({ dataFolder: disk.path });
  const [member] = cluster.members;
  if (member === undefined) {
    throw new Error('no member');
  }
  const agent = await runningAgent(cluster, member, { 'observe.fsyncProbe.interval': '1s' });
  try {
    const filesystems = () => agent.observation().sections.filesystem?.value?.filesystems ?? [];
    const probe = () => agent.observation().sections['fsync-probe']?.value?.probes[0];
    await agent.statusWhen(() => (probe()?.latency.count ?? 0) > 0 && filesystems().length === 2);

    expect(disk.fill()).toBeGreaterThan(0);
    await agent.statusWhen(() => filesystems().some(({ availableBytes }) => availableBytes === 0));
    expect(filesystems()).toEqual(
      ['wal', 'data'].map((role) =>
        expect.objectContaining({
          role,
          path: expect.stringContaining(member.dataDir),
          sizeBytes,
          availableBytes: 0,
          readOnly: false,
        }),
      ),
    );
    const full = await agent.statusWhen(
      ({ findings }) =>
        findings.some(({ code }) => code === 'FILESYSTEM_FULL') &&
        findings.some(({ code }) => code === 'FSYNC_PROBE_SUSPENDED'),
    );
    // One file system holds both, so it is told once.
    expect(full.findings.filter(({ code }) => code === 'FILESYSTEM_FULL')).toMatchObject([{ severity: 'critical' }]);
    expect(JSON.stringify(full.findings)).toMatch(/0 B of 192 MiB \(0\.00 %\) are free under/);
    expect(probe()?.idle).toMatch(/^only 0\.0 % of the file system under .*member is available$/);
    const page = await (await fetch(`${agent.url}/metrics`)).text();
    expect(page).toMatch(/^etcd_caretaker_filesystem_available_bytes\{role="wal"\} 0$/m);
    expect(page).toMatch(/^etcd_caretaker_filesystem_available_bytes\{role="data"\} 0$/m);

    // The database cannot grow any more: etcd ends, and the agent is left.
    const value = 'x'.repeat(100_000);
    await vi.waitFor(
      async () => {
        await cluster.etcdctl('--command-timeout=2s', 'put', `key-${performance.now()}`, value).catch(() => undefined);
        expect(member.running).toBe(false);
      },
      { timeout: 30_000, interval: 10 },
    );
    expect(member.log()).toContain('no space left on device');
    const status = await agent.statusWhen((now) => now.faults.some(({ collector }) => collector === 'member'));
    expect(status.faults.find(({ collector }) => collector === 'member')?.code).toBe('ETCD_UNREACHABLE');
    expect(status.faults.map(({ collector }) => collector)).not.toContain('filesystem');
    expect(filesystems().every(({ availableBytes }) => availableBytes === 0)).toBe(true);
    expect((await fetch(`${agent.url}/healthz`)).status).toBe(200);

    disk.empty();
    await member.start();
    const counted = probe()?.latency.count ?? 0;
    await agent.statusWhen((now) => now.ownMember?.state === 'healthy' && (probe()?.latency.count ?? 0) > counted);
    expect(probe()).not.toHaveProperty('idle');
    await agent.statusWhen(({ findings }) => findings.every(({ severity }) => severity !== 'critical'));
  } finally {
    await agent.close();
  }
});

it('tells the ENOSPC of its own write from one that was not tried, and leaves no file', async () => {
  await using disk = mountSmallFilesystem(sizeBytes);
  await using cluster = await startCluster({ dataFolder: disk.path });
  const dataDir = cluster.members[0]?.dataDir ?? '';
  disk.fill();
  const collector = fsyncProbeCollector({ dataDir, minimumAvailableRatio: 0 });
  try {
    collector.start?.();
    const first = async () => (await collectOnce(collector)).probes[0];
    await vi.waitFor(async () => expect((await first())?.failures).toBeGreaterThan(0), { timeout: 30_000 });
    expect(await first()).toMatchObject({ role: 'wal', fault: { code: 'ENOSPC', message: expect.any(String) } });
    expect((await first())?.latency.count).toBe(0);

    disk.empty();
    await vi.waitFor(async () => expect((await first())?.latency.count).toBeGreaterThan(0), { timeout: 30_000 });
    expect(await first()).not.toHaveProperty('fault');
  } finally {
    await collector.close?.();
  }
});
