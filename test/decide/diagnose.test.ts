import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { causeNames } from '../../src/cluster/diagnosis.ts';
import { diagnose } from '../../src/decide/diagnose.ts';
import { causesOf, connectsAtOnce, type Happening, looks, verdictsOf, withPeers } from './diagnose/looks.ts';

const slowDisk: Happening = { fsyncSeconds: 0.2, probeSeconds: 0.08 };

describe('a diagnosis', () => {
  it('names nothing of a member that is well', () => {
    expect(verdictsOf({})).toEqual([]);
    expect(diagnose([])).toEqual([]);
    expect(diagnose(looks({}, { count: 1 }))).toEqual([]);
  });

  it('every cause has evidence with a number, and a first step', () => {
    const causes = [
      ...causesOf({ ...slowDisk, cpuWaitPerSecond: 2, cpuStallShare: 0.9 }),
      ...causesOf({ rttSeconds: { m2: 0.2, m3: 0.3 } }),
      ...causesOf({ sections: { requests: { watchers: 20_000, leases: 30_000 } } }),
    ];
    expect(causes.length).toBeGreaterThanOrEqual(5);
    for (const { evidence, firstStep } of causes) {
      expect(evidence.join('; ')).toMatch(/\d/);
      expect(firstStep).toMatch(/\.$/);
    }
  });

  it('every verdict stands in docs/verdicts.md', () => {
    const text = readFileSync(new URL('../../docs/verdicts.md', import.meta.url), 'utf8');
    expect(causeNames.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });

  it('a single interval that is out of the way proves nothing', () => {
    const all = looks({}, { count: 5 });
    const [last] = looks(slowDisk, { count: 5 }).slice(-1);
    if (last === undefined) throw new Error('no look');
    expect(diagnose([...all.slice(0, -1), last])).toEqual([]);
  });

  it('two of three intervals do', () => {
    expect(verdictsOf(slowDisk, { count: 6, from: 4 })).toEqual(['disk-slow-device']);
  });

  it('keeps what it has found for half a minute, so that it does not flap, and since when', () => {
    const bad = looks(slowDisk);
    const found = diagnose(bad);
    const start = bad.at(-1);
    const calmFor = (seconds: number, before: typeof found) => {
      const calm = looks({}).map((each, index, { length }) => ({
        ...each,
        atMonotonicMs: (start?.atMonotonicMs ?? 0) + (seconds - 10 * (length - 1 - index)) * 1000,
        atMs: (start?.atMs ?? 0) + (seconds - 10 * (length - 1 - index)) * 1000,
      }));
      return diagnose(calm, before);
    };
    const later = calmFor(20, found);
    expect(later.map(({ verdict, sinceMs }) => [verdict, sinceMs])).toEqual([['disk-slow-device', start?.atMs]]);
    expect(calmFor(31, later)).toEqual([]);
  });

  it('what has come to an end is read after what is found now', () => {
    const before = diagnose(looks({ sections: { requests: { watchers: 30_000 } } }));
    expect(before.map(({ verdict }) => verdict)).toEqual(['too-many-watchers']);
    expect(diagnose(looks(slowDisk), before).map(({ verdict }) => verdict)).toEqual([
      'disk-slow-device',
      'too-many-watchers',
    ]);
  });
});

describe('the cause stands above what it brings about', () => {
  const tops: readonly (readonly [string, Happening, readonly string[]])[] = [
    [
      'a CPU that others take, above fsyncs and round trips that are late for it',
      { fsyncSeconds: 0.2, cpuWaitPerSecond: 2, cpuStallShare: 0.9, rttSeconds: { m2: 0.1, m3: 0.1 } },
      ['cpu-starved', 'etcd-io-limited', 'network-slow-to-all'],
    ],
    [
      'a defragmentation, above everything that waits for it',
      { ...slowDisk, readSeconds: 1, sections: { wal: { defragInflight: true, walFsyncP99Seconds: 0.2 } } },
      ['defragmentation-under-way', 'disk-slow-device'],
    ],
    [
      'writes, above the disk that they fill',
      { fsyncSeconds: 0.2, probeSeconds: 0.05, walBytesPerSecond: 20e6, putsPerSecond: 2000 },
      ['heavy-writes', 'disk-slow-own-load'],
    ],
    [
      'a slow disk, above clients that give up',
      { ...slowDisk, calls: { handled: 20, canceled: 5 } },
      ['disk-slow-device', 'client-timeouts'],
    ],
    [
      'too little memory, above a disk that pages are read from',
      { ...slowDisk, memoryStallShare: 0.5, majorFaultsPerSecond: 200 },
      ['memory-pressure', 'disk-slow-device'],
    ],
    [
      'a process that is stopped, above all that it does not do',
      {
        readSeconds: 2,
        sections: { process: { stopped: true } },
        fsyncSeconds: 0.5,
        probeSeconds: 0.05,
      },
      ['process-stopped', 'disk-slow-device'],
    ],
    [
      'leases without number, above the writes that they are',
      { etcdCpus: 3, putsPerSecond: 2000, sections: { requests: { leases: 50_000 } } },
      ['too-many-leases', 'heavy-writes'],
    ],
  ];

  it.each<readonly [string, Happening]>([
    ['600 keys a second', { putsPerSecond: 600 }],
    ['3000 ranges a second', { calls: { handled: 3000 } }],
    ['a full snapshot for the backups', { look: { fullUnderWay: true } }],
  ])('the normal day of a large cluster does not hide a disk that is broken: %s', (_, day) => {
    expect(verdictsOf({ ...slowDisk, probeSeconds: 0.12, ...day })).toEqual(['disk-slow-device']);
    const neighbours = {
      because: 'io' as const,
      othersIoBytesPerSecond: 90e6,
      etcdIoBytesPerSecond: 1e6,
      top: [{ pid: 4711, command: 'dd', cgroup: '/batch.slice', ioBytesPerSecond: 88e6, cpus: 0.9 }],
      groups: [],
    };
    const loaded = { deviceBusyShare: 0.95, deviceBytesPerSecond: 90e6, sections: { neighbours } };
    expect(verdictsOf({ ...slowDisk, ...day, ...loaded })).toEqual(['disk-slow-neighbour']);
  });

  it('a guess is read after what was seen', () => {
    const busy = withPeers(looks({ rttSeconds: { m2: 0.3 } }), (peer) => ({
      ...connectsAtOnce(peer),
      clockSkewSeconds: peer.peer === 'm3' ? 5 : 0,
    }));
    const order = diagnose(busy).map(({ verdict, confidence }) => `${verdict} ${confidence}`);
    expect(order.slice(0, 2)).toEqual(['clock-off certain', 'network-slow-to-peer possible']);
  });

  it('nor does load that takes the CPUs as well', () => {
    expect(verdictsOf({ ...slowDisk, putsPerSecond: 3000, etcdCpus: 2.5 })).toEqual([
      'disk-slow-device',
      'heavy-writes',
    ]);
  });

  it.each(tops)('%s', (_, happening, expected) => {
    const causes = diagnose(looks(happening));
    expect(causes.map(({ verdict }) => verdict)).toEqual(expected);
    expect(causes.map(({ rank }) => rank)).toEqual(expected.map((__, index) => index + 1));
    expect(causes.map(({ explainedBy }) => explainedBy)).toEqual(
      expected.map((__, index) => (index === 0 ? undefined : expected[0])),
    );
  });

  it('but not of another member: what is wrong there explains nothing here', () => {
    const members = looks({}).at(-1)?.values.cluster?.members ?? [];
    const causes = diagnose(
      looks({
        ...slowDisk,
        sections: {
          cluster: {
            members: members.map((each) => (each.id === '3' ? { ...each, reachable: false } : each)),
            votersReachable: 2,
          },
        },
      }),
    );
    expect(causes.map(({ verdict, explainedBy }) => [verdict, explainedBy])).toEqual([
      ['member-unreachable', undefined],
      ['disk-slow-device', undefined],
    ]);
  });
});
