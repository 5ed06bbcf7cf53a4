import { describe, expect, it } from 'vitest';
import type { PrefixTotals } from '../../../src/cluster/sections.ts';
import { diagnose } from '../../../src/decide/diagnose.ts';
import { causesOf, type Happening, looks } from './looks.ts';

const GiB = 2 ** 30;

/** Totals that grow by the interval: keys, bytes and writes a second. */
function withPrefixes(happening: Happening, of: readonly (readonly [string, number, number])[]): string[][] {
  const causes = diagnose(
    looks(happening).map((look, index) => ({
      ...look,
      values: {
        ...look.values,
        keyspace: {
          phase: 'current' as const,
          scannedKeys: 1,
          depth: 2,
          levels: [],
          prefixes: of.map(
            ([prefix, bytesPerSecond, writesPerSecond]): PrefixTotals => ({
              prefix,
              keys: 1000,
              bytes: 1e6 + index * 10 * bytesPerSecond,
              writes: index * 10 * writesPerSecond,
              writesPerSecond,
            }),
          ),
        },
      },
    })),
  );
  return causes.map(({ verdict, evidence, firstStep }) => [verdict, evidence.join('; '), firstStep]);
}

const table: readonly (readonly [string, Happening, readonly string[], RegExp?])[] = [
  ['many writes that nothing suffers from', { putsPerSecond: 3000 }, []],
  [
    'many writes, and CPUs that they take',
    { putsPerSecond: 3000, etcdCpus: 2.5 },
    ['heavy-writes'],
    /3000 keys.*2\.5 of 4\.0 CPUs/,
  ],
  ['4 MB a second of WAL that nothing suffers from', { walBytesPerSecond: 4e6 }, []],
  ['20 MB a second of WAL, whatever etcd makes of it', { walBytesPerSecond: 20e6 }, ['heavy-writes'], /19\.1 MiB\/s/],
  [
    '20 MB a second of WAL, of which the quota is full in a minute: at an agent without totals of prefixes',
    { walBytesPerSecond: 20e6, sections: { quota: { usedRatio: 0.6, fullInSeconds: 60 } } },
    ['heavy-writes', 'quota-running-out'],
  ],
  ['few writes, and CPUs that something takes', { etcdCpus: 2.5 }, []],
  [
    'large answers, and CPUs that they take',
    { sentBytesPerSecond: 50e6, etcdCpus: 2.5, calls: { handled: 10 } },
    ['heavy-ranges'],
    /10 range.*47\.7 MiB\/s, 4\.77 MiB each/,
  ],
  ['large answers that nothing suffers from', { sentBytesPerSecond: 50e6, calls: { handled: 10 } }, []],
  [
    'answers of 100 MB/s, whatever etcd makes of it',
    { sentBytesPerSecond: 100e6, calls: { handled: 10 } },
    ['heavy-ranges'],
  ],
  [
    '100 MB/s that watchers are sent: 20,000 events a second of 5 KB each',
    { sentBytesPerSecond: 100e6, putsPerSecond: 100, walBytesPerSecond: 5e5, watchEventsPerSecond: 20_000 },
    [],
  ],
  [
    '100 MB/s of a snapshot that somebody reads',
    { sentBytesPerSecond: 100e6, sections: { requests: { snapshotStreams: 1 } } },
    [],
  ],
  ['100 MB/s of a snapshot for the backups', { sentBytesPerSecond: 100e6, look: { fullUnderWay: true } }, []],
  ['100 MB/s and no range', { sentBytesPerSecond: 100e6, calls: { handled: 0.2 } }, []],
  ['many small ranges, and slow reads', { calls: { handled: 5000 }, readSeconds: 0.5 }, ['heavy-ranges'], /500 ms/],
  ['20,000 watchers', { sections: { requests: { watchers: 20_000 } } }, ['too-many-watchers'], /20,000/],
  ['800 watchers', { sections: { requests: { watchers: 800 } } }, []],
  [
    '500 watchers that are behind',
    { sections: { requests: { watchers: 800, slowWatchers: 500 } } },
    ['too-many-watchers'],
    /500 of them/,
  ],
  ['30,000 leases', { sections: { requests: { leases: 30_000 } } }, ['too-many-leases'], /30,000/],
  ['3,000 leases', { sections: { requests: { leases: 3000 } } }, []],
  [
    'clients that give up',
    { calls: { handled: 20, deadlineExceeded: 4, canceled: 2 } },
    ['client-timeouts'],
    /6\.0 calls a second.*30\.0 %.*4\.00 ms/,
  ],
  ['clients that give up one call in a thousand', { calls: { handled: 5000, canceled: 5 } }, []],
  ['clients that give up a call a minute', { calls: { handled: 0.1, canceled: 0.02 } }, []],
  [
    'a quota that is full in an hour',
    { sections: { quota: { usedRatio: 0.6, dbSizeBytes: 1.2 * GiB, fullInSeconds: 3600 } } },
    ['quota-running-out'],
    /60\.0 % of its quota of 2\.00 GiB; .*full in 1 h, at 2026-07-15T13:00:50/,
  ],
  [
    'a quota that is full in an hour, of which hardly anything is used',
    { sections: { quota: { usedRatio: 0.1, fullInSeconds: 3600 } } },
    [],
  ],
  ['a quota that is full in a week', { sections: { quota: { usedRatio: 0.6, fullInSeconds: 7 * 86_400 } } }, []],
  ['a quota of which 95 % are used', { sections: { quota: { usedRatio: 0.95 } } }, ['quota-running-out']],
  [
    'a quota of which 85 % are used, mostly by free pages',
    { sections: { quota: { usedRatio: 0.85, dbSizeInUseBytes: 0.2 * GiB } } },
    [],
  ],
  [
    'a quota of which 85 % are used by data',
    { sections: { quota: { usedRatio: 0.85, dbSizeInUseBytes: 1.6 * GiB } } },
    ['quota-running-out'],
  ],
  [
    'a defragmentation that was just begun',
    { sections: { wal: { defragInflight: true } } },
    ['defragmentation-under-way'],
  ],
  ['a snapshot that nothing suffers from', { look: { fullUnderWay: true } }, []],
  [
    'a snapshot that reads suffer from',
    { look: { fullUnderWay: true }, readSeconds: 0.5 },
    ['snapshot-under-way'],
    /backups; .*500 ms/,
  ],
  [
    'a snapshot that is sent to a member',
    { sections: { requests: { snapshotsInFlight: 1 } }, readSeconds: 0.5 },
    ['snapshot-under-way'],
    /sending 1/,
  ],
];

const rows = table.map(([what, happening, expected, text = /./]) => ({ what, happening, expected, text }));

describe('what is said of clients, quota and upkeep', () => {
  it.each(rows)('$what', ({ happening, expected, text }) => {
    const causes = causesOf(happening);
    expect(causes.map(({ verdict }) => verdict)).toEqual(expected);
    expect(`${causes[0]?.evidence.join('; ')} ${causes[0]?.firstStep}`).toMatch(text);
  });

  it('names the prefix that is written most', () => {
    const [first] = withPrefixes({ putsPerSecond: 3000, etcdCpus: 2.5 }, [
      ['/jobs/', 0, 2800],
      ['/registry/pods/', 0, 200],
      ['other', 0, 5000],
    ]);
    expect(first).toEqual([
      'heavy-writes',
      expect.stringContaining('93.3 % of the writes are under /jobs/'),
      expect.stringContaining('/jobs/'),
    ]);
  });

  it('names none where none stands out', () => {
    const even = ['/a/', '/b/', '/c/', '/d/'].map((prefix) => [prefix, 0, 750] as const);
    expect(withPrefixes({ putsPerSecond: 3000, etcdCpus: 2.5 }, even)[0]?.[2]).toContain('etcd-caretaker keyspace');
  });

  it('names the prefix that makes the quota run out, and how fast it grows', () => {
    const [first] = withPrefixes({ sections: { quota: { usedRatio: 0.95 } } }, [
      ['/events/', 2e6, 1],
      ['/registry/pods/', 1e3, 900],
    ]);
    expect(first?.[1]).toContain('/events/ has grown by 95.4 MiB in 50 s');
  });

  it('names the prefix that has the size of the answers', () => {
    const [first] = withPrefixes({ sentBytesPerSecond: 50e6, etcdCpus: 2.5, calls: { handled: 10 } }, [
      ['/events/', 1e5, 1],
      ['/small/', 0, 1],
    ]);
    expect(first?.[1]).toContain('the prefix /events/ has that size');
  });
});
