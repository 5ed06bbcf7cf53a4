import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { filesystemCollector } from '../../src/observe/filesystem.ts';
import type { DirectoryCalls } from '../../src/observe/linux/directory-calls.ts';
import { etcdProcessFinder } from '../../src/observe/linux/etcd-process.ts';
import { memberDirectories } from '../../src/observe/linux/member-directories.ts';
import { type FakeMachine, fakeCalls, fakeMachine } from '../fixtures/linux/machine.ts';
import { roundNow } from '../fixtures/linux/round.ts';

let machine: FakeMachine;

beforeEach(() => {
  machine = fakeMachine('nvme-partition');
});

afterEach(() => machine[Symbol.dispose]());

const disk = fakeCalls({ '/var/lib/etcd': { device: '259:3' }, '/wal': { device: '259:2' } });

function collector(calls: DirectoryCalls, paths: { dataDir?: string; walDir?: string }, fake = machine) {
  const etcd = etcdProcessFinder({ ...fake, calls, ...paths, endpoint: { host: '10.0.0.5', port: 2379 } });
  return filesystemCollector({ calls, directories: memberDirectories({ ...fake, calls, etcd, ...paths }) });
}

const both = { dataDir: '/var/lib/etcd', walDir: '/wal' };

test('space and inodes of both file systems', async () => {
  const { filesystems, unresolved } = await collector(disk, both).collect(roundNow());
  expect(unresolved).toBeUndefined();
  expect(filesystems).toEqual([
    {
      role: 'wal',
      path: '/wal',
      sizeBytes: 1_073_741_824,
      availableBytes: 536_870_912,
      files: 65_536,
      filesFree: 60_000,
      readOnly: false,
    },
    expect.objectContaining({ role: 'data', path: '/var/lib/etcd', readOnly: false }),
  ]);
});

test('before etcd has first started, the WAL is taken to be where the data dir is', async () => {
  const { filesystems } = await collector(disk, { dataDir: '/var/lib/etcd' }).collect(roundNow());
  expect(filesystems.map(({ role, path }) => [role, path])).toEqual([
    ['wal', '/var/lib/etcd'],
    ['data', '/var/lib/etcd'],
  ]);
});

test('a file system that turns read-only after an error is seen in the next round', async () => {
  const watching = collector(disk, both);
  await watching.collect(roundNow());
  const table = join(machine.procRoot, 'self/mountinfo');
  const before = readFileSync(table, 'utf8');
  writeFileSync(table, before.replace('/dev/nvme0n1p3 rw,', '/dev/nvme0n1p3 ro,'));
  expect((await watching.collect(roundNow())).filesystems.map(({ readOnly }) => readOnly)).toEqual([false, true]);
  // Mounted again in the same place: another mount id.
  writeFileSync(table, before.replace('112 25', '999 25').replace('rw,noatime', 'ro,noatime'));
  expect((await watching.collect(roundNow())).filesystems.map(({ readOnly }) => readOnly)).toEqual([false, true]);
});

test('a statfs that hangs is said and does not hold up the other', async () => {
  const calls: DirectoryCalls = {
    ...disk,
    statfs: async (path, signal) => {
      if (path !== '/wal') return await disk.statfs(path, signal);
      return await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
    waitingSeconds: () => 7,
  };
  const section = await collector(calls, both).collect(roundNow());
  expect(section.filesystems.map(({ role }) => role)).toEqual(['data']);
  expect(section.unresolved).toEqual([
    { role: 'wal', path: '/wal', reason: 'statfs of /wal has not answered for 7 s: its disk hangs' },
  ]);
});

test('a statfs that is only slow, as on a busy machine, is not said to hang', async () => {
  const calls: DirectoryCalls = {
    ...disk,
    statfs: async (path, signal) => {
      if (path !== '/wal') return await disk.statfs(path, signal);
      return await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
    waitingSeconds: () => 1,
  };
  expect((await collector(calls, both).collect(roundNow())).unresolved).toEqual([
    { role: 'wal', path: '/wal', reason: 'statfs of /wal has not answered in time' },
  ]);
});

test('a search for etcd that takes its time is not said to be a disk that hangs', async () => {
  const calls: DirectoryCalls = {
    ...disk,
    stat: async (_, signal) => {
      signal.throwIfAborted();
      return await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
  };
  await expect(collector(calls, both).collect(roundNow())).rejects.toThrow(
    '/wal has not answered in time; /var/lib/etcd has not answered in time',
  );
});

test('without a configured data dir, that of the process of etcd is taken, in its own mounts', async () => {
  using pods = fakeMachine('pods');
  const inside = (path: string) => join(pods.procRoot, '4242/root', path);
  const calls = fakeCalls({
    [inside('/var/lib/etcd')]: { device: '259:3' },
    [inside('/var/lib/etcd/member/wal')]: { device: '259:3' },
  });
  const { filesystems } = await collector(calls, {}, pods).collect(roundNow());
  expect(filesystems.map(({ role, path }) => [role, path])).toEqual([
    ['wal', '/var/lib/etcd/member/wal'],
    ['data', '/var/lib/etcd'],
  ]);
});

test('a WAL dir that is not configured is the one that etcd was started with, also once etcd has stopped', async () => {
  using pods = fakeMachine('pods');
  const calls = fakeCalls({ '/opt/etcd/data': { device: '259:2' }, '/fast/wal': { device: '259:2' } });
  const endpoint = { host: '2001:db8::1', port: 18_967 };
  const etcd = etcdProcessFinder({ ...pods, calls, endpoint });
  // How long the search takes on a busy machine is not what is tested.
  const options = { ...pods, calls, etcd, dataDir: '/opt/etcd/data', patienceMs: 60_000 };
  const watching = filesystemCollector({ calls, directories: memberDirectories(options) });
  const paths = async () => (await watching.collect(roundNow())).filesystems.map(({ path }) => path);
  expect(await paths()).toEqual(['/fast/wal', '/opt/etcd/data']);
  rmSync(join(pods.procRoot, '6161'), { recursive: true });
  expect(await paths()).toEqual(['/fast/wal', '/opt/etcd/data']);
});

test('a data dir that is neither configured nor to be found is one error that says what to do', async () => {
  await expect(collector(disk, {}).collect(roundNow())).rejects.toMatchObject({
    code: 'FILESYSTEM_UNRESOLVED',
    message: expect.stringContaining("member.dataDir is not set, and etcd's process was not found"),
    remedy: expect.stringContaining('member.dataDir'),
  });
});
