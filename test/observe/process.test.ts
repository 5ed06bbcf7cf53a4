import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { etcdProcessFinder } from '../../src/observe/linux/etcd-process.ts';
import type { EtcdSearch } from '../../src/observe/linux/etcd-search.ts';
import { processCollector } from '../../src/observe/process.ts';
import { type FakeDirectories, type FakeMachine, fakeCalls, fakeMachine } from '../fixtures/linux/machine.ts';
import { roundNow } from '../fixtures/linux/round.ts';

let machine: FakeMachine;

beforeEach(() => {
  machine = fakeMachine('pods');
});

afterEach(() => machine[Symbol.dispose]());

function finder(search: Pick<EtcdSearch, 'dataDir' | 'endpoint'>, directories: FakeDirectories = {}) {
  return etcdProcessFinder({ ...machine, calls: fakeCalls(directories), ...search });
}

function collector(search: Pick<EtcdSearch, 'dataDir' | 'endpoint'>, directories: FakeDirectories = {}) {
  return processCollector({ ...machine, etcd: finder(search, directories) });
}

const byHost = { endpoint: { host: '10.0.0.5', port: 2379 } };

test('the process of etcd: its time, memory, files, disk use and settings', async () => {
  expect(await collector(byHost).collect(roundNow())).toEqual({
    pid: 4242,
    foundBy: 'listening-socket',
    startedAtMs: 1_763_668_800_000 + 1_234_000,
    cpuSeconds: 2125.3,
    residentBytes: 96_448 * 1024,
    majorFaults: 10,
    cpuWaitSeconds: 2.5,
    cpuTurns: 200,
    readBytes: 7_340_032,
    writtenBytes: 911_212_544,
    openFds: expect.any(Number),
    maxFds: 65_536,
    settings: {
      name: 'cp-1',
      'data-dir': '/var/lib/etcd',
      'listen-client-urls': 'https://127.0.0.1:2379,https://10.0.0.5:2379',
      'client-cert-auth': 'true',
      'cert-file': '/etc/kubernetes/pki/etcd/server.crt',
      'key-file': '/etc/kubernetes/pki/etcd/server.key',
      'quota-backend-bytes': '8589934592',
      'heartbeat-interval': '250',
    },
  });
});

describe('it is found', () => {
  test('by the lock on its database, before any process is looked at', async () => {
    const search = { dataDir: '/data', endpoint: { host: '10.9.9.9', port: 1 } };
    const directories = { '/data/member/snap/db': { device: '259:3', inode: 131_085n } };
    expect(await finder(search, directories).find(AbortSignal.timeout(5000))).toMatchObject({
      pid: 4242,
      foundBy: 'data-dir',
      sharesMounts: false,
      dataDir: '/var/lib/etcd',
    });
  });

  test('by its listening socket in a network of its own', async () => {
    const found = await finder({ endpoint: { host: 'etcd.example', port: 3651 } }).find(AbortSignal.timeout(5000));
    expect(found).toMatchObject({ pid: 5151, foundBy: 'listening-socket', dataDir: '/data' });
  });

  test('by its data dir, whatever the path is called in its container', async () => {
    const inode = 77n;
    const directories = {
      '/srv/volumes/other': { device: '8:1', inode },
      [join(machine.procRoot, '5151/root/data')]: { device: '8:1', inode },
    };
    const found = await finder({ dataDir: '/srv/volumes/other' }, directories).find(AbortSignal.timeout(5000));
    expect(found).toMatchObject({ pid: 5151, foundBy: 'data-dir' });
  });

  test('inside another program that listens there, as in k3s', async () => {
    const found = await finder({ endpoint: { host: '127.0.0.1', port: 8080 } }).find(AbortSignal.timeout(5000));
    expect(found).toMatchObject({ pid: 7070, foundBy: 'listening-socket' });
  });

  test('by an IPv6 socket, with the settings of its configuration file and no other', async () => {
    const found = await finder({ endpoint: { host: '[2001:db8::1]', port: 18_967 } }).find(AbortSignal.timeout(5000));
    expect(found).toMatchObject({ pid: 6161, dataDir: '/opt/etcd/data', walDir: '/fast/wal', sharesMounts: true });
    expect(found.settings).toEqual({
      'config-file': 'conf.yml',
      name: 'by-hand',
      'data-dir': 'data',
      'wal-dir': '/fast/wal',
      'quota-backend-bytes': '4294967296',
      'cert-file': '/pki/server.crt',
      'key-file': '/pki/server.key',
      'client-cert-auth': 'true',
      'peer-cert-file': '/pki/peer.crt',
      'peer-trusted-ca-file': '/pki/ca.crt',
    });
  });
});

test('of two containers that listen on the same port, the one with the data dir is taken, and without it none', async () => {
  rmSync(join(machine.procRoot, '5252/fd/5'));
  symlinkSync('socket:[50002]', join(machine.procRoot, '5252/fd/5'));
  const endpoint = { host: '127.0.0.1', port: 3651 };
  await expect(finder({ endpoint }).find(AbortSignal.timeout(5000))).rejects.toMatchObject({
    code: 'ETCD_PROCESS_NOT_FOUND',
  });
  const directories = {
    '/volumes/second': { device: '8:1', inode: 78n },
    [join(machine.procRoot, '5151/root/data')]: { device: '8:1', inode: 77n },
    [join(machine.procRoot, '5252/root/data')]: { device: '8:1', inode: 78n },
  };
  // Both call it /data: a name alone does not tell them apart.
  await expect(finder({ endpoint, dataDir: '/data' }).find(AbortSignal.timeout(5000))).rejects.toThrow('/data');
  const search = { endpoint, dataDir: '/volumes/second' };
  expect(await finder(search, directories).find(AbortSignal.timeout(5000))).toMatchObject({ pid: 5252 });
});

describe('the data dir of another etcd than the one at the endpoint', () => {
  const search = { dataDir: '/data', endpoint: { host: '127.0.0.1', port: 8080 } };
  const directories = { '/data/member/snap/db': { device: '259:3', inode: 131_085n } };
  const listen = () => symlinkSync('socket:[70001]', join(machine.procRoot, '5151/fd/6'));
  const openDatabase = () => symlinkSync('/data/member/snap/db', join(machine.procRoot, '5151/fd/7'));

  test('is refused, with both processes and what to do', async () => {
    listen();
    openDatabase();
    await expect(collector(search, directories).collect(roundNow())).rejects.toMatchObject({
      code: 'ETCD_PROCESS_FOREIGN',
      message:
        'the data dir /data belongs to another etcd (process 4242) than the one that serves 127.0.0.1:8080 (process 5151)',
      remedy: expect.stringContaining('correct member.dataDir'),
    });
  });

  test("is not what a proxy at the endpoint makes of the right one, etcd's own proxy neither", async () => {
    listen();
    expect(await collector(search, directories).collect(roundNow())).toMatchObject({ pid: 4242 });
  });

  test('is refused, too, when the member starts after the agent', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const etcd = finder(search, directories);
      expect(await etcd.find(AbortSignal.timeout(5000))).toMatchObject({ pid: 4242 });
      listen();
      openDatabase();
      vi.advanceTimersByTime(30_000);
      await expect(etcd.find(AbortSignal.timeout(5000))).rejects.toMatchObject({ code: 'ETCD_PROCESS_FOREIGN' });
    } finally {
      vi.useRealTimers();
    }
  });
});

test('an etcd that starts after the agent, and whose lock tells nothing, is found within a second or two', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    const etcd = finder({ dataDir: '/late' });
    const find = () => etcd.find(AbortSignal.timeout(5000));
    await expect(find()).rejects.toMatchObject({ code: 'ETCD_PROCESS_NOT_FOUND' });
    writeFileSync(join(machine.procRoot, '5151/cmdline'), 'etcd\0--data-dir=/late\0');
    await expect(find()).rejects.toMatchObject({ code: 'ETCD_PROCESS_NOT_FOUND' });
    vi.advanceTimersByTime(1000);
    expect(await find()).toMatchObject({ pid: 5151 });
  } finally {
    vi.useRealTimers();
  }
});

test('another etcd on the same machine is not taken for the member', async () => {
  await expect(
    collector({ dataDir: '/elsewhere', endpoint: { host: '10.0.0.9', port: 2379 } }).collect(roundNow()),
  ).rejects.toMatchObject({
    code: 'ETCD_PROCESS_NOT_FOUND',
    message: 'no process that the agent can see uses the data dir /elsewhere or listens at 10.0.0.9:2379',
    remedy: expect.stringContaining('hostPID'),
  });
});

test('no secret of the command line, the environment or the configuration file is kept', async () => {
  for (const endpoint of [byHost.endpoint, { host: '2001:db8::1', port: 18_967 }]) {
    expect(JSON.stringify(await finder({ endpoint }).find(AbortSignal.timeout(5000)))).not.toContain('secret');
  }
});

test('what the agent may not read is left out and said', async () => {
  for (const name of ['io', 'environ', 'cwd']) rmSync(join(machine.procRoot, '4242', name));
  const section = await collector(byHost).collect(roundNow());
  expect(section).not.toHaveProperty('readBytes');
  expect(section.unread).toEqual([
    'the environment of process 4242 could not be read (ENOENT)',
    'the working directory of process 4242 could not be read (ENOENT)',
    'the I/O counters of process 4242 could not be read (ENOENT)',
  ]);
});

test('a process that has ended is looked for again, also when its pid lives on as another', async () => {
  const directories = { '/data/member/snap/db': { device: '259:3', inode: 131_085n } };
  const etcd = finder({ dataDir: '/data' }, directories);
  const first = await etcd.find(AbortSignal.timeout(5000));
  const stat = join(machine.procRoot, '4242/stat');
  writeFileSync(stat, '4242 (etcd) S 1 4242 4242 0 -1 0 1 0 0 0 1 1 0 0 20 0 14 0 999999 1 1 1');
  expect((await etcd.find(AbortSignal.timeout(5000))).startedAtMs).toBeGreaterThan(first.startedAtMs);
  writeFileSync(stat, '4242 (etcd) Z 1 4242 4242 0 -1 0 1 0 0 0 1 1 0 0 20 0 14 0 999999 1 1 1');
  await expect(etcd.find(AbortSignal.timeout(5000))).rejects.toMatchObject({ code: 'ETCD_PROCESS_NOT_FOUND' });
});
