import { describe, expect, it } from 'vitest';
import type { PeerReading, Sections } from '../../../src/cluster/sections.ts';
import { diagnose } from '../../../src/decide/diagnose.ts';
import { causesOf, connectsAtOnce, type Happening, looks, NOW_MS, probedAs, verdictsOf, withPeers } from './looks.ts';

const well = looks({}).at(-1)?.values;
const peers = well?.peers?.peers ?? [];
const members = well?.cluster?.members ?? [];
const DAY_MS = 86_400_000;

const skewed = (m2: number, m3: number): Happening => ({
  sections: {
    peers: {
      peers: peers.map(
        (each): PeerReading => ({
          ...each,
          clockSkewSeconds: each.peer === 'm2' ? m2 : m3,
          clockSkewErrorSeconds: 0.05,
        }),
      ),
    },
  },
});

const cut = (code: string, reachable: boolean): Happening => ({
  sections: {
    peers: {
      peers: peers.map((each) =>
        each.peer === 'm2'
          ? {
              ...each,
              probes: each.probes.map(({ lastSeconds: _, ...probe }) => ({
                ...probe,
                fault: { code, message: 'no answer within 2 s.' },
              })),
            }
          : each,
      ),
    },
    cluster: { members: members.map((each) => (each.id === '2' ? { ...each, reachable } : each)) },
  },
});

const certificate = (fromDays: number, toDays: number): Happening => {
  const reading: Sections['certificates']['certificates'][number] = {
    role: 'server',
    source: '/pki/server.crt',
    subject: 'CN=m1',
    issuer: 'CN=ca',
    serial: '1',
    notBeforeMs: NOW_MS + fromDays * DAY_MS,
    notAfterMs: NOW_MS + toDays * DAY_MS,
    sans: [],
  };
  return { sections: { certificates: { certificates: [reading] } } };
};

/** Others that do not answer this agent. @param linearizable a quorum still answers reads through its own member */
const silent = (ids: readonly string[], message: string, linearizable = true): Happening => ({
  sections: {
    cluster: {
      linearizable,
      members: members.map((each) =>
        ids.includes(each.id)
          ? { ...each, reachable: false, silentSeconds: 40, fault: { code: 'ETCD_UNREACHABLE', message } }
          : each,
      ),
      votersReachable: 3 - ids.length,
    },
  },
});
const refused = 'the connection was refused: nothing listens there.';
const nothing = 'no answer in time.';

const alarm = (name: 'NOSPACE' | 'CORRUPT'): Happening => ({
  sections: { cluster: { alarms: [{ memberId: '2', member: 'm2', alarm: name }] } },
});

const table: readonly (readonly [string, Happening, readonly string[], RegExp?])[] = [
  ['one slow link', { rttSeconds: { m2: 0.12 } }, ['network-slow-to-peer m2'], /m2 takes 120 ms; .*m3 takes 0\.40 ms/],
  [
    'two slow links of three members',
    { rttSeconds: { m2: 0.12, m3: 0.2 } },
    ['network-slow-to-all m1'],
    /120 ms.*200 ms/,
  ],
  ['a link of 30 ms, with a heartbeat of 100 ms', { rttSeconds: { m2: 0.03 } }, []],
  [
    'a link of 120 ms, with a heartbeat of 500 ms',
    {
      rttSeconds: { m2: 0.12 },
      sections: { process: { settings: { 'heartbeat-interval': '500', 'election-timeout': '5000' } } },
    },
    [],
  ],
  [
    'a peer port that does not answer, of a member that serves clients',
    cut('ETIMEDOUT', true),
    ['network-cut-to-peer m2'],
  ],
  ['a peer port that asks for a certificate', cut('PEER_CLIENT_CERT_REFUSED', true), []],
  ['a member that does not answer at all', cut('ETIMEDOUT', false), ['member-unreachable m2']],
  ['the clock of one peer', skewed(3, 0.01), ['clock-off m2'], /m2 is 3\.0 s ahead of that of m1/],
  [
    'the own clock, which all peers are apart from',
    skewed(-3, -2.8),
    ['clock-off m1'],
    /m2 is 3\.0 s behind.*m3 is 2\.8 s/,
  ],
  ['clocks that are apart by half a second', skewed(0.5, -0.5), []],
  [
    'a certificate that has expired',
    certificate(-90, -1),
    ['certificate-expired m1'],
    /server certificate CN=m1.*expired/,
  ],
  [
    'a certificate with 3 days of a year left',
    certificate(-362, 3),
    ['certificate-expiring m1'],
    /expires in 2 d 23 h/,
  ],
  ['a certificate with 30 days of a year left', certificate(-335, 30), []],
  ['a certificate of a day, renewed every 16 hours', certificate(-0.6, 0.4), []],
  [
    'a member that does not answer',
    silent(['3'], nothing),
    ['member-unreachable m3'],
    /m3 does not answer m1, for 40 s/,
  ],
  [
    'two of three whose machines refuse connections',
    silent(['2', '3'], refused, false),
    ['quorum-lost ', 'member-unreachable m2', 'member-unreachable m3'],
    /1 of 3/,
  ],
  [
    'two of three of which nothing comes back: more likely this machine is cut off',
    silent(['2', '3'], nothing, false),
    ['partitioned m1', 'quorum-lost ', 'member-unreachable m2', 'member-unreachable m3'],
    /cut off.*from another machine/,
  ],
  [
    'the same, while clients give up what they ask of it',
    { ...silent(['2', '3'], nothing, false), calls: { handled: 20, deadlineExceeded: 6 } },
    ['partitioned m1', 'quorum-lost ', 'member-unreachable m2', 'member-unreachable m3', 'client-timeouts m1'],
  ],
  [
    'two of three whose client ports are shut to this machine, while a quorum answers reads',
    silent(['2', '3'], nothing),
    ['member-unreachable m2', 'member-unreachable m3'],
  ],
  [
    'a full disk beside an etcd that answers, while the others are gone: it is not why',
    {
      sections: {
        ...silent(['2', '3'], refused, false).sections,
        filesystem: {
          filesystems: [
            {
              role: 'data',
              path: '/data',
              sizeBytes: 100e9,
              availableBytes: 2e9,
              files: 9,
              filesFree: 9,
              readOnly: false,
            },
          ],
        },
      },
    },
    ['quorum-lost ', 'disk-full m1', 'member-unreachable m2', 'member-unreachable m3'],
  ],
  ['CORRUPT', alarm('CORRUPT'), ['data-corrupt m2']],
  ['NOSPACE', alarm('NOSPACE'), ['quota-exceeded '], /NOSPACE is raised for m2/],
  ['a stopped process', { sections: { process: { stopped: true } } }, ['process-stopped m1'], /kill -CONT 77/],
  [
    'a member that the leading agent judges',
    {
      look: {
        caretaking: { judged: [{ member: 'm3', verdict: 'machine-gone', remedy: 'replace', message: 'm3 is gone' }] },
      },
    },
    ['machine-gone m3'],
    /m3 is gone The leading agent replaces it/,
  ],
  [
    'no process at all',
    { faults: { process: 'ETCD_PROCESS_NOT_FOUND', member: 'ETCD_UNREACHABLE' } },
    ['process-down m1'],
  ],
  ['a process that may not be seen, of a member that answers', { faults: { process: 'ETCD_PROCESS_NOT_FOUND' } }, []],
  [
    'a process that has ended, by the word of its supervisor',
    {
      look: {
        own: {
          kind: 'child',
          process: { state: 'stopped', end: { how: 'exit code 2', cause: 'unknown', evidence: 'panic: oh', atMs: 0 } },
          dataDir: { state: 'empty' },
          bootstrapped: true,
          restarts: 0,
          quarantine: [],
        },
      },
    },
    ['process-down m1'],
    /has ended: panic: oh/,
  ],
];

const rows = table.map(([what, happening, expected, text = /./]) => ({ what, happening, expected, text }));

describe('what is said of the cluster', () => {
  it.each(rows)('$what', ({ happening, expected, text }) => {
    const causes = causesOf(happening);
    expect(causes.map(({ verdict, member = '' }) => `${verdict} ${member}`)).toEqual(expected);
    expect(`${causes[0]?.evidence.join('; ')} ${causes[0]?.firstStep}`).toMatch(text);
  });

  it('a peer whose connections come up at once may answer late for itself: the link is only a guess then', () => {
    const busy = withPeers(looks({ rttSeconds: { m2: 0.3 } }), connectsAtOnce);
    const [first] = diagnose(busy);
    expect(first).toMatchObject({ verdict: 'network-slow-to-peer', member: 'm2', confidence: 'possible' });
    expect(`${first?.evidence.join('; ')} ${first?.firstStep}`).toMatch(
      /300 ms, a connection 0\.30 ms.*what the agent of m2 says/,
    );
  });

  it('a round trip that was always so is no fault of the network, but of settings that do not fit it', () => {
    const far: Happening = { rttSeconds: { m2: 0.12, m3: 0.12 } };
    const settings = { 'heartbeat-interval': '100', 'election-timeout': '1000' };
    const always = withPeers(looks({ ...far, sections: { process: { settings } } }), (peer) =>
      probedAs(peer, ({ count }) => ({ counts: [0, count] })),
    );
    expect(verdictsOf(far)).toEqual(['network-slow-to-all']);
    expect(diagnose(always).map(({ verdict }) => verdict)).toEqual(['election-timeout-short']);
  });
});

it('a link whose round trips lie now above and now below half a heartbeat is as far as that, and not slow', () => {
  const regional = withPeers(looks({ rttSeconds: { m2: 0.06, m3: 0.06 } }), (peer) =>
    probedAs(peer, ({ count }) => ({ edges: [0.05, 0.08, 1], counts: [0.4 * count, count, count] })),
  );
  expect(diagnose(regional)).toEqual([]);
});

it('of two clocks that differ nobody knows which is off', () => {
  const [of3, of2] = [skewed(3, 0.01), skewed(3, 0.01)].map((happening) => looks(happening));
  const two = (of2 ?? []).map((each) => ({
    ...each,
    values: {
      ...each.values,
      peers: { findings: [], peers: (each.values.peers?.peers ?? []).filter(({ peer }) => peer === 'm2') },
    },
  }));
  expect(diagnose(of3 ?? []).map(({ confidence }) => confidence)).toEqual(['certain']);
  expect(diagnose(two).map(({ verdict, confidence }) => `${verdict} ${confidence}`)).toEqual(['clock-off possible']);
});

describe('what is said of an election timeout that fsyncs do not fit into', () => {
  const settings = { 'heartbeat-interval': '30', 'election-timeout': '300' };
  const slow: Happening = { fsyncSeconds: 0.1, probeSeconds: 0.08, sections: { process: { settings } } };
  const counted = (share: number, count: number) => ({ count, counts: [(1 - share) * count, count] });
  /** So many of the agent's writes since it started took longer than 60 ms, a fifth of the timeout. */
  const withShare = (share: number, count: number): readonly string[] =>
    diagnose(
      looks(slow).map((each) => ({
        ...each,
        values: {
          ...each.values,
          'fsync-probe': {
            probes: (each.values['fsync-probe']?.probes ?? []).map((probe) => ({
              ...probe,
              latency: { ...probe.latency, edges: [0.05, 1], ...counted(share, probe.latency.count - 1000 + count) },
            })),
          },
        },
      })),
    ).map(({ verdict }) => verdict);

  it.each<readonly [string, number, number, readonly string[]]>([
    ['a disk that was always as slow', 0.9, 1000, ['disk-slow-device', 'election-timeout-short']],
    ['a disk that has become so', 0.1, 1000, ['disk-slow-device']],
    ['an agent that has just started', 0.9, 100, ['disk-slow-device']],
  ])('%s', (_, share, count, expected) => {
    expect(withShare(share, count)).toEqual(expected);
  });
});

describe('what is said of settings and versions', () => {
  const status = well?.member?.status;
  if (status === undefined) throw new Error('no status');
  it.each<readonly [string, Happening, readonly string[]]>([
    ['a quota that is switched off', { sections: { quota: { quotaSource: 'disabled' } } }, ['quota-setting-unfit']],
    [
      'a quota of 16 GiB',
      { sections: { quota: { quotaBytes: 16 * 2 ** 30, usedRatio: 0.01 } } },
      ['quota-setting-unfit'],
    ],
    ['etcd 3.5.2', { sections: { member: { status: { ...status, version: '3.5.2' } } } }, ['version-hazard']],
    ['etcd 3.3.10', { sections: { member: { status: { ...status, version: '3.3.10' } } } }, ['version-hazard']],
    ['etcd 3.6.1', { sections: { member: { status: { ...status, version: '3.6.1' } } } }, []],
    [
      'three million revisions that nobody compacts',
      { sections: { member: { status: { ...status, revision: 3_100_000n } }, wal: { compactRevision: 100_000n } } },
      ['auto-compaction-off'],
    ],
    [
      'three million revisions that etcd compacts by itself, later',
      {
        sections: {
          member: { status: { ...status, revision: 3_100_000n } },
          wal: { compactRevision: 100_000n },
          process: { settings: { 'auto-compaction-retention': '12h' } },
        },
      },
      [],
    ],
  ])('%s', (_, happening, expected) => {
    expect(verdictsOf(happening)).toEqual(expected);
  });
});
