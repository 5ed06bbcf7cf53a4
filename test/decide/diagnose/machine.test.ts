import { describe, expect, it } from 'vitest';
import type { NeighboursSection } from '../../../src/cluster/sections.ts';
import { causesOf, type Happening, verdictsOf } from './looks.ts';

const slow = { fsyncSeconds: 0.2, probeSeconds: 0.08 };

const neighbours = (more: Partial<NeighboursSection>): Happening => ({
  sections: {
    neighbours: {
      because: 'io',
      othersIoBytesPerSecond: 90e6,
      etcdIoBytesPerSecond: 1e6,
      othersCpus: 1,
      etcdCpus: 0.1,
      busyRatio: 0.6,
      top: [{ pid: 4711, command: 'dd', cgroup: '/batch.slice', ioBytesPerSecond: 88e6, cpus: 0.9 }],
      groups: [],
      ...more,
    },
  },
});

const filesystem = (availableBytes: number, sizeBytes = 100e9): Happening => ({
  sections: {
    filesystem: {
      filesystems: [
        { role: 'data', path: '/data', sizeBytes, availableBytes, files: 9, filesFree: 9, readOnly: false },
      ],
    },
  },
});

type Span = Parameters<typeof causesOf>[1];

/** What happens, what is said, and what has to stand in the evidence or the first step of the first. */
const table: readonly (readonly [string, Happening, readonly string[], RegExp?, Span?])[] = [
  [
    'an fsync of 200 ms, a slow probe, and an idle device',
    slow,
    ['disk-slow-device'],
    /200 ms.*80\.0 ms.*nobody loads/,
  ],
  ['an fsync of 30 ms is slower than it should be, and no incident', { fsyncSeconds: 0.03, probeSeconds: 0.015 }, []],
  [
    'only the slowest of the fsyncs, on a disk that is as slow for the agent',
    { fsyncSeconds: 0.045, fsyncMeanSeconds: 0.01, probeSeconds: 0.01 },
    ['disk-slow-device'],
    /10\.0 ms on average.*now and then one is not/,
  ],
  ['a p99 that is one of few fsyncs', { fsyncSeconds: 0.058, fsyncMeanSeconds: 0.005, fsyncsPerInterval: 20 }, []],
  [
    'a busy device whose load is of nobody that is seen',
    {
      ...slow,
      ...neighbours({ othersIoBytesPerSecond: 0, etcdIoBytesPerSecond: 1e6, top: [] }),
      deviceBusyShare: 0.95,
      deviceBytesPerSecond: 90e6,
    },
    ['disk-slow-neighbour'],
    /98\.9 % of it is of nobody that this agent sees/,
  ],
  [
    'a device that is always at work, and moves little: it is as slow as that',
    {
      ...slow,
      ...neighbours({ othersIoBytesPerSecond: 0, etcdIoBytesPerSecond: 2e5, top: [] }),
      deviceBusyShare: 0.95,
      deviceBytesPerSecond: 2e6,
    },
    ['disk-slow-device'],
    /95\.0 %/,
  ],
  ['a slow probe alone, where etcd is fast', { probeSeconds: 0.08 }, []],
  [
    'a device that another process keeps busy',
    { ...slow, ...neighbours({}), deviceBusyShare: 0.95, deviceBytesPerSecond: 90e6 },
    ['disk-slow-neighbour'],
    /95\.0 %.*dd \(process 4711, \/batch\.slice\) reads and writes 83\.9 MiB\/s.*Move dd/,
  ],
  [
    'a busy device of which etcd has the smallest part, and nobody may be seen',
    { ...slow, deviceBusyShare: 0.95, deviceBytesPerSecond: 90e6, etcdBytesPerSecond: 2e6 },
    ['disk-slow-neighbour'],
    /2\.22 % of the I\/O/,
  ],
  [
    'a busy device of which etcd has the largest part',
    { ...slow, deviceBusyShare: 0.95, deviceBytesPerSecond: 40e6, etcdBytesPerSecond: 35e6 },
    ['disk-slow-own-load'],
    /87\.5 % of the I\/O/,
  ],
  [
    'a fast device that others keep busy, so that only the slowest writes are late',
    { fsyncSeconds: 0.05, probeSeconds: 0.009, deviceBusyShare: 0.7, deviceBytesPerSecond: 800e6 },
    ['disk-slow-neighbour'],
  ],
  ['only etcd is slow on a device that is not', { fsyncSeconds: 0.2 }, ['etcd-io-limited'], /io\.max/],
  ['a write that hangs', { pendingSeconds: 15 }, ['disk-hung'], /15 s/],
  ['a write that has waited for 5 s, and an etcd that is well', { pendingSeconds: 5 }, []],
  ['a file system of 2 TB with 2 % free', filesystem(40e9, 2e12), []],
  ['a file system with 2 % free', filesystem(2e9), ['disk-full'], /\(2\.00 %\)/],
  ['a file system with 10 % free', filesystem(10e9), []],
  [
    'a control group that is stopped in 60 % of its periods',
    { throttledShare: 0.6 },
    ['cpu-throttled'],
    /\/system\.slice\/etcd\.service in 60\.0 %.*4\.00 CPUs/,
  ],
  ['a control group that is stopped now and then', { throttledShare: 0.1 }, []],
  [
    'threads that wait for CPUs that another process uses',
    {
      readSeconds: 0.15,
      cpuWaitPerSecond: 1.5,
      cpuStallShare: 0.95,
      ...neighbours({ because: 'cpu', top: [{ pid: 99, command: 'stress', cpus: 3.8 }] }),
    },
    ['cpu-starved'],
    /waits 1\.50 ms for a CPU each time, all together 1\.5 s.*95\.0 %.*stress \(process 99\) uses 3\.8 CPUs/,
  ],
  [
    'threads that wait for CPUs that many small processes of one control group use',
    {
      readSeconds: 0.15,
      cpuWaitPerSecond: 1.5,
      cpuStallShare: 0.95,
      ...neighbours({
        because: 'cpu',
        top: [{ pid: 99, command: 'worker', cgroup: '/batch', cpus: 0.2 }],
        groups: [{ cgroup: '/batch', processes: 18, ioBytesPerSecond: 0, cpus: 3.6 }],
      }),
    },
    ['cpu-starved'],
    /the control group \/batch \(18 processes\) uses 3\.6 CPUs; worker .*Take the control group/,
  ],
  ['threads that wait for a moment each time', { readSeconds: 0.15, cpuWaitPerSecond: 0.3, cpuStallShare: 0.95 }, []],
  ['threads that wait, and nothing is late for it', { cpuWaitPerSecond: 1.5, cpuStallShare: 0.95 }, []],
  [
    'threads that wait, where etcd itself uses the CPUs',
    {
      readSeconds: 0.15,
      cpuWaitPerSecond: 4,
      etcdCpus: 3,
      cpuStallShare: 0.95,
      ...neighbours({ because: 'cpu', etcdCpus: 3, othersCpus: 1 }),
    },
    [],
  ],
  [
    'threads that wait in a pod, where the others that use the CPUs are not seen',
    {
      readSeconds: 0.15,
      cpuWaitPerSecond: 1.5,
      cpuStallShare: 0.95,
      ...neighbours({ because: 'cpu', etcdCpus: 0.5, othersCpus: 0.1, busyRatio: 0.95, top: [] }),
    },
    ['cpu-starved'],
    /busy for 95\.0 %/,
  ],
  ['an idle etcd that waits as long as it runs', { cpuWaitPerSecond: 0.1, cpuStallShare: 0.6 }, []],
  [
    'tasks that wait for memory, and pages that etcd waits for',
    { memoryStallShare: 0.3, majorFaultsPerSecond: 100 },
    ['memory-pressure'],
    /30\.0 %.*100 pages a second/,
  ],
  ['tasks that wait for memory for a moment', { memoryStallShare: 0.02, majorFaultsPerSecond: 2 }, []],
  ['a control group whose limit pages of files have filled', { limitHitsPerSecond: 50 }, []],
  [
    'one whose limit keeps out what is needed',
    { limitHitsPerSecond: 50, majorFaultsPerSecond: 8 },
    ['memory-pressure'],
    /met its limit of 954 MiB 50 times a second/,
  ],
  [
    'a control group that is full',
    {
      sections: { limits: { cgroup: '/etcd', memory: { usedBytes: 990e6, limitBytes: 1e9, fileBytes: 10e6 } } },
    },
    ['memory-pressure'],
    /\/etcd uses 935 MiB of 954 MiB/,
  ],
  [
    'a control group that is full of pages that can be dropped',
    { sections: { limits: { memory: { usedBytes: 990e6, limitBytes: 1e9, fileBytes: 500e6 } } } },
    [],
  ],
  [
    'an etcd that the kernel killed for want of memory, and that runs again',
    { sections: { process: { startedAtMs: 5 }, limits: { hostOomKills: 3 } } },
    ['memory-pressure'],
    /etcd ended while the kernel killed a process for want of memory/,
    { from: 3 },
  ],
  [
    'an etcd that was started again, and nobody was killed',
    { sections: { process: { startedAtMs: 5 } } },
    [],
    /./,
    { from: 3 },
  ],
  ['somebody else who was killed', { sections: { limits: { hostOomKills: 3 } } }, [], /./, { from: 3 }],
  [
    'a machine with nothing left',
    { sections: { limits: { hostAvailableBytes: 100e6 } } },
    ['memory-pressure'],
    /95\.4 MiB of 8\.00 GiB/,
  ],
];

const rows = table.map(([what, happening, expected, text = /./, span]) => ({ what, happening, expected, text, span }));

describe('what is said of the machine', () => {
  it.each(rows)('$what', ({ happening, expected, text, span }) => {
    expect(verdictsOf(happening, span)).toEqual(expected);
    const [first] = causesOf(happening, span);
    expect(`${first?.evidence.join('; ')} ${first?.firstStep}`).toMatch(text);
  });

  it('a neighbour that is named makes the verdict surer', () => {
    const busy = { ...slow, deviceBusyShare: 0.95, deviceBytesPerSecond: 90e6 };
    const confidence = (more: Happening) => causesOf({ ...busy, ...more })[0]?.confidence;
    expect([confidence(neighbours({})), confidence(neighbours({ top: [] }))]).toEqual(['likely', 'possible']);
  });
});
