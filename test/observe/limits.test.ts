import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AgentError } from '../../src/cluster/agent-error.ts';
import { limitsCollector } from '../../src/observe/limits.ts';
import type { EtcdProcessFinder } from '../../src/observe/linux/etcd-process.ts';
import { roundNow } from '../fixtures/linux/round.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'limits-'));
  write('proc/meminfo', 'MemTotal:       8000000 kB\nMemFree:  100 kB\nMemAvailable:   2000000 kB\n');
});

afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const found = { find: async () => ({ pid: 42 }) } as unknown as EtcdProcessFinder;
const notFound: EtcdProcessFinder = {
  find: () => Promise.reject(new AgentError('ETCD_PROCESS_NOT_FOUND', 'there is none')),
};
const collect = (etcd: EtcdProcessFinder) =>
  limitsCollector({ procRoot: join(root, 'proc'), etcd }).collect(roundNow());
const machine = { hostAvailableBytes: 2_048_000_000, hostBytes: 8_192_000_000 };

test('the limits of a cgroup of version 2', async () => {
  write('proc/42/cgroup', '0::/kubepods/pod1/etcd\n');
  write('proc/self/mountinfo', `33 27 0:29 / ${root}/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n`);
  const group = 'cgroup/kubepods/pod1/etcd';
  write(`${group}/cpu.stat`, 'usage_usec 100\nnr_periods 1000\nnr_throttled 250\nthrottled_usec 12500000\n');
  write(`${group}/cpu.max`, '150000 100000\n');
  write(`${group}/memory.current`, '900000000\n');
  write(`${group}/memory.max`, '1000000000\n');
  write(`${group}/memory.stat`, 'anon 5\ninactive_file 60000000\nactive_file 40000000\n');
  write(`${group}/memory.events`, 'low 0\nhigh 3\nmax 7\noom 0\n');
  expect(await collect(found)).toEqual({
    cgroup: '/kubepods/pod1/etcd',
    cpu: { cpus: 1.5, periods: 1000, throttledPeriods: 250, throttledSeconds: 12.5 },
    memory: { usedBytes: 9e8, limitBytes: 1e9, fileBytes: 1e8, limitHits: 7 },
    ...machine,
  });
});

test('how many processes the kernel killed for want of memory', async () => {
  write('proc/vmstat', 'nr_free_pages 17\noom_kill 4\nworkingset_nodes 9\n');
  expect(await collect(notFound)).toEqual({ ...machine, hostOomKills: 4 });
});

test('a cgroup of version 2 without limits has none', async () => {
  write('proc/42/cgroup', '0::/system.slice/etcd.service\n');
  write('proc/self/mountinfo', `33 27 0:29 / ${root}/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n`);
  const group = 'cgroup/system.slice/etcd.service';
  write(`${group}/cpu.stat`, 'usage_usec 100\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0\n');
  write(`${group}/cpu.max`, 'max 100000\n');
  write(`${group}/memory.current`, '900000000\n');
  write(`${group}/memory.max`, 'max\n');
  expect(await collect(found)).toEqual({
    cgroup: '/system.slice/etcd.service',
    cpu: { periods: 0, throttledPeriods: 0, throttledSeconds: 0 },
    memory: { usedBytes: 9e8 },
    ...machine,
  });
});

test('the limits of cgroups of version 1, each in a hierarchy of its own', async () => {
  write('proc/42/cgroup', '4:memory:/etcd\n3:cpu,cpuacct:/etcd\n1:name=systemd:/etcd\n0::/\n');
  write(
    'proc/self/mountinfo',
    `30 27 0:26 / ${root}/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n31 27 0:27 / ${root}/cgroup/memory rw - cgroup cgroup rw,memory\n`,
  );
  write('cgroup/cpu,cpuacct/etcd/cpu.stat', 'nr_periods 100\nnr_throttled 40\nthrottled_time 2500000000\n');
  write('cgroup/cpu,cpuacct/etcd/cpu.cfs_quota_us', '20000\n');
  write('cgroup/cpu,cpuacct/etcd/cpu.cfs_period_us', '100000\n');
  write('cgroup/memory/etcd/memory.usage_in_bytes', '1000\n');
  write('cgroup/memory/etcd/memory.limit_in_bytes', '9223372036854771712\n');
  write('cgroup/memory/etcd/memory.failcnt', '12\n');
  expect(await collect(found)).toEqual({
    cgroup: '/etcd',
    cpu: { cpus: 0.2, periods: 100, throttledPeriods: 40, throttledSeconds: 2.5 },
    memory: { usedBytes: 1000, limitHits: 12 },
    ...machine,
  });
});

test('the root limits nothing, and without etcd there is only the machine', async () => {
  write('proc/42/cgroup', '0::/\n');
  expect(await collect(found)).toEqual(machine);
  expect(await collect(notFound)).toEqual(machine);
});

test('a /proc without memory is one error that says what to do', async () => {
  rmSync(join(root, 'proc/meminfo'));
  await expect(collect(found)).rejects.toMatchObject({
    code: 'MEMINFO_UNREADABLE',
    remedy: expect.stringContaining('/proc'),
  });
});
