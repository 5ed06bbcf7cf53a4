import { afterEach, describe, expect, test } from 'vitest';
import type { DiskSection } from '../../src/cluster/sections.ts';
import { diskCollector } from '../../src/observe/disk.ts';
import type { DirectoryCalls } from '../../src/observe/linux/directory-calls.ts';
import { etcdProcessFinder } from '../../src/observe/linux/etcd-process.ts';
import { memberDirectories } from '../../src/observe/linux/member-directories.ts';
import { type FakeDirectories, type FakeMachine, fakeCalls, fakeMachine } from '../fixtures/linux/machine.ts';
import { roundNow } from '../fixtures/linux/round.ts';

const machines: FakeMachine[] = [];

afterEach(() => {
  for (const machine of machines.splice(0)) machine[Symbol.dispose]();
});

function collectorOn(name: string, calls: DirectoryCalls, paths: { dataDir: string; walDir?: string }) {
  const machine = fakeMachine(name);
  machines.push(machine);
  const etcd = etcdProcessFinder({ ...machine, calls, ...paths });
  return diskCollector({ ...machine, calls, directories: memberDirectories({ ...machine, calls, etcd, ...paths }) });
}

async function disksOf(
  name: string,
  directories: FakeDirectories,
  paths: { dataDir: string; walDir?: string },
  links: Record<string, string> = {},
): Promise<DiskSection['devices']> {
  return (await collectorOn(name, fakeCalls(directories, links), paths).collect(roundNow())).devices;
}

describe('the device under a directory', () => {
  test('is the partition that is mounted there, with the flushes of its whole disk', async () => {
    const [wal, data] = await disksOf(
      'nvme-partition',
      { '/var/lib/etcd': { device: '259:3' }, '/var/lib/etcd/member/wal': { device: '259:3' } },
      { dataDir: '/var/lib/etcd' },
    );
    expect(wal).toEqual({
      role: 'wal',
      path: '/var/lib/etcd/member/wal',
      filesystemType: 'xfs',
      mountPoint: '/var/lib/etcd',
      device: 'nvme0n1p3',
      disks: ['nvme0n1'],
      model: 'SAMSUNG MZQL2960HCJR-00A07',
      rotational: false,
      counters: {
        readsCompleted: 20_092,
        readBytes: 1_126_002 * 512,
        readTimeSeconds: 2.267,
        writesCompleted: 6_824_598,
        writtenBytes: 121_489_256 * 512,
        writeTimeSeconds: 511.321,
        ioNow: 1,
        ioTimeSeconds: 1706.628,
        flushesCompleted: 3_301_774,
        flushTimeSeconds: 44.198,
      },
    });
    expect(data).toEqual({ ...wal, role: 'data', path: '/var/lib/etcd' });
  });

  test('may be another one under the WAL than under the data, also behind a symbolic link', async () => {
    const directories = { '/data/etcd': { device: '259:2' }, '/data/etcd/member/wal': { device: '259:3' } };
    const links = { '/data/etcd/member/wal': '/var/lib/etcd/wal' };
    const devices = await disksOf('nvme-partition', directories, { dataDir: '/data/etcd' }, links);
    expect(devices.map(({ role, device }) => [role, device])).toEqual([
      ['wal', 'nvme0n1p3'],
      ['data', 'nvme0n1p2'],
    ]);
  });

  test('is the logical volume, through dm-crypt down to the NVMe disk whose flushes and model it shows', async () => {
    const [wal] = await disksOf(
      'lvm-on-dm-crypt',
      { '/var/lib/etcd': { device: '254:2' }, '/wal': { device: '254:2' } },
      { dataDir: '/var/lib/etcd', walDir: '/var/lib/etcd' },
    );
    expect(wal).toMatchObject({
      device: 'dm-2',
      disks: ['nvme0n1'],
      model: 'WD_BLACK SN850X 1000GB',
      rotational: false,
      counters: { writesCompleted: 994_417, ioNow: 2, flushesCompleted: 701_220, flushTimeSeconds: 30.211 },
    });
  });

  test('is the RAID, over both of its disks; a kernel without flush counters shows none', async () => {
    const [wal] = await disksOf(
      'md-raid1',
      { '/var/lib/etcd': { device: '9:127' }, '/var/lib/etcd/member/wal': { device: '9:127' } },
      { dataDir: '/var/lib/etcd' },
    );
    expect(wal).toMatchObject({
      device: 'md127',
      disks: ['sda', 'sdb'],
      model: 'INTEL SSDSC2KB48, ST1000NM0008-2F2',
      rotational: true,
      counters: { writesCompleted: 1_220_332 },
    });
    expect(wal?.counters).not.toHaveProperty('flushesCompleted');
  });

  test('of a multipath NVMe disk has the counters of its paths, where the kernel counts only there', async () => {
    const [wal] = await disksOf(
      'nvme-multipath',
      { '/var/lib/etcd': { device: '259:6' }, '/var/lib/etcd/member/wal': { device: '259:6' } },
      { dataDir: '/var/lib/etcd' },
    );
    expect(wal).toMatchObject({
      device: 'nvme1n1p1',
      disks: ['nvme1n1'],
      model: 'Dell Ent NVMe PM1735a MU 1.6TB',
      counters: { readsCompleted: 150, writesCompleted: 1500, writtenBytes: 24_000 * 512, flushesCompleted: 400 },
    });
  });

  test('may be a loop device: its own counters, and the disk under its file; a bind mount leads there too', async () => {
    const directories = {
      '/mnt/etcd': { device: '7:0' },
      '/srv/etcd/member/wal': { device: '7:0' },
      '/images/etcd.img': { device: '254:0' },
    };
    const [wal, data] = await disksOf('loop-file', directories, {
      dataDir: '/mnt/etcd',
      walDir: '/srv/etcd/member/wal',
    });
    expect(wal).toMatchObject({ device: 'loop0', mountPoint: '/srv/etcd', disks: ['vda'] });
    expect(wal?.counters).toMatchObject({ writesCompleted: 940, flushesCompleted: 377 });
    expect(data).toMatchObject({ device: 'loop0', mountPoint: '/mnt/etcd', disks: ['vda'] });
  });

  test('is said to be unknown below a loop device whose file the agent cannot see', async () => {
    const directories = { '/mnt/etcd': { device: '7:0' } };
    const [wal] = await disksOf('loop-file', directories, { dataDir: '/mnt/etcd' });
    expect(wal).toMatchObject({ device: 'loop0', counters: { writesCompleted: 940 } });
    expect(wal?.unresolved).toBe('loop0 stands on the file /images/etcd.img, which the agent cannot see');
  });

  test('of btrfs is found by what was mounted, and not named where there are several', async () => {
    const directories = { '/var/lib/etcd': { device: '0:35' }, '/pool/wal': { device: '0:52' } };
    const [wal, data] = await disksOf('btrfs', directories, { dataDir: '/var/lib/etcd', walDir: '/pool/wal' });
    expect(data).toMatchObject({ filesystemType: 'btrfs', device: 'dm-1', disks: ['nvme0n1'], rotational: false });
    expect(wal?.device).toBeUndefined();
    expect(wal?.unresolved).toMatch(/^btrfs spreads over sdc, sdd: /);
  });

  test.each([
    ['an overlay', '/var/lib/etcd', '0:117', /^overlay is a container's own layer/],
    ['a tmpfs', '/run/etcd', '0:123', /^tmpfs is memory/],
    ['ZFS', '/tank', '0:130', /ZFS pool/],
    ['NFS', '/nfs', '0:131', /^nfs4 from '10.0.0.9:\/export\/etcd' stands on no block device of this machine/],
  ])('is said not to be known on %s', async (_, path, device, reason) => {
    const [, data] = await disksOf('container', { [path]: { device } }, { dataDir: path });
    expect(data).toMatchObject({ role: 'data', path, unresolved: expect.stringMatching(reason) });
    expect(data).not.toHaveProperty('counters');
  });

  test('is that of a volume from the host, which the mount table of the container names', async () => {
    const [, data] = await disksOf('container', { '/volume/etcd': { device: '8:17' } }, { dataDir: '/volume/etcd' });
    expect(data).toMatchObject({ device: 'sdb1', disks: ['sdb'], counters: { flushesCompleted: 700 } });
  });
});

describe('when something is wrong', () => {
  test('a WAL that may not be looked at leaves the data dir its device', async () => {
    const directories = { '/var/lib/etcd': { device: '259:3' }, '/wal': { code: 'EACCES' } };
    const [wal, data] = await disksOf('nvme-partition', directories, { dataDir: '/var/lib/etcd', walDir: '/wal' });
    expect(wal?.unresolved).toBe("the agent may not look into /wal: run it as root or as etcd's user");
    expect(data?.device).toBe('nvme0n1p3');
  });

  test('no directory at all is one error that says what to do', async () => {
    const collector = collectorOn('nvme-partition', fakeCalls({}), { dataDir: '/nowhere' });
    await expect(collector.collect(roundNow())).rejects.toMatchObject({
      code: 'DISK_UNRESOLVED',
      message: expect.stringContaining('/nowhere does not exist where the agent can see it'),
      remedy: expect.stringContaining('member.dataDir'),
    });
  });

  test('a disk that hangs keeps its counters and is said to hang, and the other role is not held up', async () => {
    let hangs = false;
    const answering = fakeCalls({ '/var/lib/etcd': { device: '259:3' }, '/wal': { device: '259:2' } });
    const calls: DirectoryCalls = {
      ...answering,
      stat: async (path, signal) => {
        if (!hangs || path !== '/wal') return await answering.stat(path, signal);
        return await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
      waitingSeconds: () => 12.3,
    };
    const collector = collectorOn('nvme-partition', calls, { dataDir: '/var/lib/etcd', walDir: '/wal' });
    await collector.collect(roundNow());
    hangs = true;
    const [wal, data] = (await collector.collect(roundNow())).devices;
    expect(wal).toMatchObject({ device: 'nvme0n1p2', counters: { writesCompleted: 3_011_554 } });
    expect(wal?.unresolved).toBe('/wal has not answered for 12 s: its disk hangs');
    expect(data).not.toHaveProperty('unresolved');
  });

  test('a directory that moves to another device is looked up again', async () => {
    const directories: Record<string, { device: string }> = { '/var/lib/etcd': { device: '259:2' } };
    const collector = collectorOn('nvme-partition', fakeCalls(directories), { dataDir: '/var/lib/etcd' });
    expect((await collector.collect(roundNow())).devices[1]?.device).toBe('nvme0n1p2');
    directories['/var/lib/etcd'] = { device: '259:3' };
    expect((await collector.collect(roundNow())).devices[1]?.device).toBe('nvme0n1p3');
  });
});
