import { describe, expect, it } from 'vitest';
import { machineFindings } from '../../src/cluster/machine-findings.ts';
import type { Observation } from '../../src/cluster/observation.ts';
import type { FsyncProbeSection, RoleDevice, Sections } from '../../src/cluster/sections.ts';

type Probe = FsyncProbeSection['probes'][number];

const gib = 2 ** 30;
const latency = { edges: [], counts: [], sum: 0, count: 0 };
const probe = (more: Partial<Probe>): Probe => ({ role: 'wal', directory: '/d', latency, failures: 0, ...more });
const device = (more: Partial<RoleDevice>): RoleDevice => ({ role: 'wal', path: '/d', device: 'sda1', ...more });
const space = (availableBytes: number, more: Partial<Sections['filesystem']['filesystems'][number]> = {}) => ({
  role: 'wal' as const,
  path: '/d',
  sizeBytes: 100 * gib,
  availableBytes,
  files: 1000,
  filesFree: 900,
  readOnly: false,
  ...more,
});

function found(values: Partial<Sections>): readonly string[] {
  const sections = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { observedAtMs: 0, durationSeconds: 0, value }]),
  );
  const observation: Observation = {
    ...{ member: 'm1', cluster: 'c', agentVersion: '0', observedAtMs: 0, observedAtMonotonicMs: 0, rounds: 1 },
    collectors: {},
    sections,
  };
  return machineFindings(observation).map(({ collector, severity, code }) => `${collector} ${severity} ${code}`);
}

describe('what is wrong with the disk under a member', () => {
  it('is nothing where there is room and the probe writes', () => {
    const values = { filesystem: { filesystems: [space(50 * gib)] }, 'fsync-probe': { probes: [probe({})] } };
    expect(found({ ...values, disk: { devices: [device({})] } })).toEqual([]);
  });

  it.each([
    ['no space at all', space(0), ['filesystem critical FILESYSTEM_FULL']],
    ['less than 5 %', space(4 * gib), ['filesystem critical FILESYSTEM_FULL']],
    ['less than 15 %', space(14 * gib), ['filesystem warning FILESYSTEM_FULL']],
    ['no inodes at all', space(50 * gib, { filesFree: 0 }), ['filesystem critical INODES_FULL']],
    ['few inodes', space(50 * gib, { filesFree: 20 }), ['filesystem warning INODES_FULL']],
    ['no inodes to count, as on btrfs', space(50 * gib, { files: 0, filesFree: 0 }), []],
    ['a read-only mount', space(50 * gib, { readOnly: true }), ['filesystem critical FILESYSTEM_READ_ONLY']],
  ])('is told of %s', (_, filesystem, expected) => {
    expect(found({ filesystem: { filesystems: [filesystem] } })).toEqual(expected);
  });

  it('is told once of a file system that holds both, and twice of two', () => {
    const filesystem = { filesystems: [space(0), space(0, { role: 'data' })] };
    const at = (wal: string, data: string): Sections['disk'] => ({
      devices: [device({ mountPoint: wal }), device({ role: 'data', mountPoint: data })],
    });
    expect(found({ filesystem, disk: at('/', '/') })).toHaveLength(1);
    expect(found({ filesystem, disk: at('/wal', '/') })).toHaveLength(2);
  });

  it.each([
    ['a write that fails', probe({ fault: { code: 'EIO', message: 'i/o error' } }), ['fsync-probe critical EIO']],
    ['a write that hangs', probe({ pendingSeconds: 12, idle: 'waits' }), ['fsync-probe critical DISK_HUNG']],
    ['a write that is only slow', probe({ pendingSeconds: 2, idle: 'waits' }), []],
    [
      'a probe that must not write',
      probe({ idle: 'only 1 %', suspended: true }),
      ['fsync-probe warning FSYNC_PROBE_SUSPENDED'],
    ],
    ['a probe that is off', probe({ idle: 'off by configuration' }), []],
    ['a lack of rights, which has its own finding', probe({ fault: { code: 'EACCES', message: 'no' } }), []],
  ])('is told of %s', (_, one, expected) => {
    expect(found({ 'fsync-probe': { probes: [one] } })).toEqual(expected);
  });

  it.each([
    ['memory', device({ filesystemType: 'tmpfs', unresolved: 'no device' }), ['disk warning DATA_IN_MEMORY']],
    ['a network', device({ filesystemType: 'nfs4', unresolved: 'no device' }), ['disk warning NETWORK_FILESYSTEM']],
    ['a device that is not known', device({ unresolved: 'overlay' }), ['disk info DEVICE_UNKNOWN']],
    ['a device that may not be seen', device({ unresolved: 'the agent may not look into /d' }), []],
  ])('is told of %s under it', (_, one, expected) => {
    expect(found({ disk: { devices: [one] } })).toEqual(expected);
  });
});
