import { describe, expect, it } from 'vitest';
import type { Line } from '../../../src/cli/doctor/check.ts';
import { checks } from '../../../src/cli/doctor/checks.ts';
import type { Facts } from '../../../src/cli/doctor/facts.ts';
import { exitCodeOfReport, reportOf } from '../../../src/cli/doctor/report.ts';
import { cluster, facts, healthySections, member, peer, quota, status } from './facts.ts';

function findings(of: Facts): readonly (Line & { readonly group: string })[] {
  return reportOf(of, checks).lines.filter((line) => line.status !== 'ok' && line.status !== 'skipped');
}

function codes(of: Facts): readonly string[] {
  return findings(of).map(({ code = '', status: severity }) => `${severity} ${code}`);
}

const filesystem = (over: object) => ({
  filesystems: (healthySections.filesystem?.filesystems ?? []).map((each) => ({ ...each, ...over })),
});

const gib = 1024 ** 3;

describe('a healthy cluster', () => {
  it('has no findings, and a line of its own for every group but those that do not apply', () => {
    expect(codes(facts())).toEqual([]);
    const { lines } = reportOf(facts(), checks);
    expect([...new Set(lines.filter((line) => line.status === 'ok').map(({ group }) => group))]).toEqual([
      'reach',
      'members',
      'alarms',
      'versions',
      'quota',
      'disk',
      'space',
      'network',
      'certificates',
      'security',
      'config',
    ]);
    expect(lines.find(({ group, message }) => group === 'reach' && message.startsWith('3 of 3'))?.message).toBe(
      '3 of 3 members answer, at 3 of 3 advertised client URLs, the slowest after 10.0 ms',
    );
  });
});

describe.each<[string, Facts, readonly string[]]>([
  [
    'a member that does not answer',
    facts({
      sections: {
        cluster: cluster({
          votersReachable: 2,
          members: [
            member('1'),
            member('2'),
            {
              id: '3',
              name: 'm3',
              peerUrls: [],
              clientUrls: [],
              isLearner: false,
              reachable: false,
              healthy: false,
              fault: { code: 'ETCD_UNREACHABLE', message: 'the connection was refused' },
            },
          ],
        }),
      },
    }),
    ['critical ETCD_UNREACHABLE', 'critical NO_FAULT_TOLERANCE'],
  ],
  [
    'a lost quorum',
    facts({ sections: { cluster: cluster({ linearizable: false, votersReachable: 1 }) } }),
    ['critical QUORUM_LOST'],
  ],
  [
    'members that refuse Status although a quorum answers',
    facts({
      sections: {
        cluster: cluster({
          votersReachable: 0,
          members: [member('1')].map(({ status: _status, ...each }) => ({ ...each, reachable: false, healthy: false })),
        }),
      },
    }),
    [],
  ],
  ['no raft leader', facts({ sections: { cluster: noLeader() } }), ['critical NO_LEADER']],
  [
    'a member that was never started',
    facts({
      sections: {
        cluster: cluster({
          voters: 4,
          quorumSize: 3,
          members: [member('1'), member('2'), member('3'), member('4', { name: '', reachable: false })],
        }),
      },
    }),
    ['critical NO_FAULT_TOLERANCE', 'warning MEMBER_NEVER_STARTED'],
  ],
  [
    'a follower far behind',
    facts({
      sections: { cluster: cluster({ members: [member('1'), member('2', { raftIndexLagEntries: 2000n })] }) },
    }),
    ['warning RAFT_LAG'],
  ],
  [
    'entries that are committed and not applied',
    facts({
      sections: {
        cluster: cluster({ members: [member('1', { status: status('1', { raftAppliedIndex: 500n }) })] }),
      },
    }),
    ['critical APPLY_BACKLOG'],
  ],
  [
    'alarms',
    facts({
      sections: {
        cluster: cluster({
          alarms: [
            { memberId: '1', member: 'm1', alarm: 'NOSPACE' },
            { memberId: '2', member: 'm2', alarm: 'CORRUPT' },
          ],
        }),
      },
    }),
    ['critical ALARM_NOSPACE', 'critical ALARM_CORRUPT'],
  ],
  [
    'a version that was not tested',
    facts({
      sections: { cluster: cluster({ members: [member('1', { status: status('1', { version: '3.7.0' }) })] }) },
    }),
    ['info VERSION_UNTESTED'],
  ],
  [
    'a quota of which more than 80 % are used',
    facts({ sections: { quota: quota({ usedRatio: 0.85 }) } }),
    ['warning QUOTA_HIGH'],
  ],
  ['a quota almost full', facts({ sections: { quota: quota({ usedRatio: 0.95 }) } }), ['critical QUOTA_HIGH']],
  [
    'a quota that is full within a day',
    facts({ sections: { quota: quota({ usedRatio: 0.4, fullInSeconds: 3600 }) } }),
    ['warning QUOTA_HIGH'],
  ],
  ['a disabled quota', facts({ sections: { quota: disabledQuota() } }), ['warning QUOTA_DISABLED']],
  [
    'a quota above 8 GiB',
    facts({ sections: { quota: quota({ quotaBytes: 16 * gib, usedRatio: 0.1 }) } }),
    ['warning QUOTA_LARGE'],
  ],
  [
    'a fragmented database',
    facts({ sections: { quota: quota({ dbSizeBytes: gib, dbSizeInUseBytes: gib / 4, fragmentationRatio: 0.75 }) } }),
    ['info FRAGMENTED'],
  ],
  ['a slow disk', facts({ facts: { preflight: [slow(0.02)] } }), ['warning DISK_SLOW']],
  ['a disk that is no use', facts({ facts: { preflight: [slow(0.7)] } }), ['critical DISK_SLOW']],
  [
    'a write that hangs',
    facts({
      facts: {
        preflight: [
          { role: 'wal', directory: '/var/lib/etcd/member', fault: { code: 'DISK_HUNG', message: 'no answer' } },
        ],
      },
    }),
    ['critical DISK_HUNG'],
  ],
  [
    "a slow WAL in etcd's own histogram",
    facts({ sections: { wal: { walFsyncP99Seconds: 0.05, walFsyncsInInterval: 100 } } }),
    ['warning WAL_FSYNC_SLOW'],
  ],
  [
    'slow fsyncs and commits, of which too few were seen to judge by',
    facts({
      sections: {
        wal: {
          walFsyncP99Seconds: 0.05,
          walFsyncsInInterval: 99,
          backendCommitP99Seconds: 0.112,
          backendCommitsInInterval: 25,
        },
      },
    }),
    ['info WAL_FSYNC_SLOW', 'info BACKEND_COMMIT_SLOW'],
  ],
  [
    'a disk with a few hiccups among 300 writes, as chance makes them',
    facts({ facts: { preflight: [slow(0.2, 8, 292)] } }),
    ['info DISK_SLOW'],
  ],
  [
    'a disk with more slow writes than chance makes',
    facts({ facts: { preflight: [slow(0.2, 9, 291)] } }),
    ['warning DISK_SLOW'],
  ],
  [
    'a slow disk on which a few writes took as long as an election',
    facts({
      facts: {
        preflight: [{ role: 'wal', directory: '/d', seconds: [...Array(290).fill(0.02), ...Array(8).fill(0.7)] }],
      },
    }),
    ['warning DISK_SLOW'],
  ],
  ['a disk of which 1 write in 100 is slow, as may be', facts({ facts: { preflight: [slow(0.2, 3, 297)] } }), []],
  [
    'a metrics page where nothing listens',
    facts({
      sections: {
        wal: { fault: { code: 'ETCD_UNREACHABLE', message: 'Metrics page of member m1 (http://a:1/x): refused' } },
      },
    }),
    ['warning ETCD_UNREACHABLE'],
  ],
  [
    'a slow probe or two of a peer, of which nothing follows',
    facts({ sections: { peers: { peers: [peer('2', 0.0005), hiccup()], findings: [] } } }),
    [],
  ],
  [
    'a data dir in memory',
    facts({ sections: { disk: { devices: [{ role: 'data', path: '/d', filesystemType: 'tmpfs' }] } } }),
    ['warning DATA_IN_MEMORY'],
  ],
  [
    'a WAL on a network file system',
    facts({ sections: { disk: { devices: [{ role: 'wal', path: '/d', filesystemType: 'nfs4' }] } } }),
    ['warning NETWORK_FILESYSTEM'],
  ],
  [
    'little free space',
    facts({ sections: { filesystem: filesystem({ availableBytes: 10e9 }) } }),
    ['warning FILESYSTEM_FULL', 'warning FILESYSTEM_FULL'],
  ],
  [
    'hardly any free space',
    facts({ sections: { filesystem: filesystem({ availableBytes: 30e6 }) } }),
    [
      'critical FILESYSTEM_FULL',
      'critical FILESYSTEM_FULL',
      'warning NO_ROOM_TO_DEFRAGMENT',
      'warning DISK_SMALLER_THAN_QUOTA',
    ],
  ],
  [
    'a read-only file system without inodes',
    facts({ sections: { filesystem: filesystem({ readOnly: true, filesFree: 10 }) } }),
    ['critical FILESYSTEM_READ_ONLY', 'warning INODES_FULL', 'critical FILESYSTEM_READ_ONLY', 'warning INODES_FULL'],
  ],
  [
    'a peer that is too far for the election timeout',
    facts({ sections: { peers: { peers: [peer('2', 0.3)], findings: [] } } }),
    ['warning RTT_HIGH'],
  ],
  [
    'a peer that is too far for any election',
    facts({ sections: { peers: { peers: [peer('2', 5)], findings: [] } } }),
    ['critical RTT_HIGH'],
  ],
  [
    'a data dir in which no etcd has been, while etcd is stopped',
    facts({
      sections: { process: { fault: { code: 'ETCD_PROCESS_NOT_FOUND', message: 'no process' } } },
      facts: { dataDirState: 'no-member' },
    }),
    ['critical DATA_DIR_INVALID'],
  ],
  [
    'a data dir that this user may not look into, while etcd is stopped',
    facts({
      sections: { process: { fault: { code: 'ETCD_PROCESS_NOT_FOUND', message: 'no process' } } },
      facts: { dataDirState: 'unreadable' },
    }),
    ['critical DATA_DIR_UNREADABLE'],
  ],
  [
    'what the agent has no right to see',
    facts({
      sections: {
        filesystem: {
          filesystems: [],
          unresolved: [{ role: 'wal', path: '/wal', reason: 'the agent may not look into /wal: run it as root' }],
        },
      },
    }),
    ['warning AGENT_LACKS_RIGHTS'],
  ],
  [
    'a peer whose HTTP does not answer',
    facts({
      sections: {
        peers: {
          peers: [
            peer('2', 0.001, {
              probes: [
                {
                  probe: 'tcp',
                  latency: peer('2', 0.001).probes[0]?.latency ?? fail(),
                  failures: 0,
                  lastSeconds: 0.001,
                },
                {
                  probe: 'http',
                  latency: { edges: [1], counts: [0], sum: 0, count: 0 },
                  failures: 3,
                  fault: { code: 'PEER_TIMEOUT', message: 'no answer within 900 ms' },
                },
              ],
            }),
          ],
          findings: [{ code: 'PEER_TIMEOUT', severity: 'warning', message: 'no answer', remedy: 'the network' }],
        },
      },
    }),
    ['warning PEER_TIMEOUT'],
  ],
  [
    'clocks that are apart',
    facts({
      sections: {
        peers: {
          peers: [peer('2', 0.001, { clockSkewSeconds: 5 })],
          findings: [{ code: 'CLOCK_SKEW', severity: 'warning', message: '5 s ahead', remedy: 'chrony' }],
        },
      },
    }),
    ['warning CLOCK_SKEW'],
  ],
  [
    'an expired certificate',
    facts({
      sections: {
        certificates: {
          certificates: [],
          findings: [{ code: 'CERT_EXPIRED', severity: 'critical', message: 'it expired', remedy: 'renew it' }],
        },
      },
    }),
    ['critical CERT_EXPIRED'],
  ],
  [
    'plain text and no authentication, for other machines',
    facts({
      facts: { urls: [{ memberId: '1', member: 'm1', url: 'http://10.0.0.1:2379', seconds: 0.1, admits: 'everyone' }] },
    }),
    ['warning PLAINTEXT_CLIENT_URL', 'warning NO_CLIENT_AUTHENTICATION'],
  ],
  [
    'plain text and no authentication, on loopback only',
    facts({
      facts: { urls: [{ memberId: '1', member: 'm1', url: 'http://[::1]:2379', seconds: 0.1, admits: 'everyone' }] },
    }),
    ['info PLAINTEXT_CLIENT_URL', 'info NO_CLIENT_AUTHENTICATION'],
  ],
  ['users, and none for the caretaker', facts({ facts: { auth: { enabled: true } } }), ['critical NO_USER']],
  [
    'the data dir of another etcd on the machine',
    facts({ sections: { process: { fault: { code: 'ETCD_PROCESS_FOREIGN', message: 'another etcd has it' } } } }),
    ['critical ETCD_PROCESS_FOREIGN'],
  ],
  [
    'a configured name that another member has',
    facts({
      sections: {
        member: {
          ...(healthySections.member ?? fail()),
          findings: [{ code: 'MEMBER_NAME_MISMATCH', severity: 'critical', message: 'called m1', remedy: 'set it' }],
        },
      },
      facts: { member: 'other' },
    }),
    ['critical MEMBER_NAME_MISMATCH'],
  ],
  [
    'a password that everybody can read',
    facts({
      facts: {
        config: {
          keysSet: 1,
          foundOut: [],
          keyPrefix: '/etcd-caretaker/',
          secretFiles: [{ key: 'cluster.auth.passwordFile', path: '/etc/pw', mode: 0o644 }],
        },
      },
    }),
    ['warning SECRET_FILE_OPEN'],
  ],
  [
    'a load with failures and slow writes',
    facts({
      facts: {
        load: {
          seconds: [0.1, 0.9],
          tookSeconds: 10,
          wantedRatePerSecond: 150,
          failures: 2,
          fault: { code: 'ETCD_DEADLINE', message: 'late' },
        },
      },
    }),
    ['critical LOAD_WRITES_FAILED', 'warning LOAD_SLOW'],
  ],
])('%s', (_name, given, expected) => {
  it(expected.length === 0 ? 'is no finding' : `is ${expected.join(', ')}`, () => {
    expect(codes(given)).toEqual(expected);
  });

  it('comes with numbers or names, and with what to do', () => {
    for (const { message, remedy = '' } of findings(given)) {
      expect(message.length).toBeGreaterThan(8);
      expect(remedy.length).toBeGreaterThan(3);
      expect(message + remedy).not.toMatch(/undefined|NaN|\[object/);
    }
  });
});

describe('what could not be read', () => {
  it('is said, and is no finding by itself', () => {
    const fault = { code: 'COLLECTOR_DEADLINE', message: 'The collector did not answer.' };
    const given = facts({
      sections: {
        quota: { fault },
        filesystem: { fault },
        peers: { fault },
        certificates: { fault },
        disk: { fault },
      },
    });
    expect(codes(given)).toEqual([]);
    const skips = reportOf(given, checks).lines.filter((line) => line.status === 'skipped');
    expect(skips.filter(({ message }) => message.includes('The collector did not answer.'))).toHaveLength(5);
  });

  it('because etcd did not answer is told once, in full', () => {
    const fault = { code: 'ETCD_UNREACHABLE', message: 'the connection was refused', remedy: 'look' };
    const given = facts({
      sections: { member: { fault }, cluster: { fault }, quota: { fault }, peers: { fault } },
      facts: { urls: [] },
    });
    const report = reportOf(given, checks);
    expect(report.reached).toBe(false);
    expect(report.lines.filter(({ message }) => message.includes('was refused'))).toHaveLength(1);
  });
});

describe('a certificate', () => {
  it('is shown with the time that is left', () => {
    const { lines } = reportOf(facts(), checks);
    expect(lines.find(({ group }) => group === 'certificates')?.message).toContain('the first expires in 300 d');
  });
});

function noLeader() {
  const { leaderId: _leader, ...rest } = cluster();
  return rest;
}

function disabledQuota() {
  const { quotaBytes: _bytes, usedRatio: _ratio, ...rest } = quota();
  return { ...rest, quotaSource: 'disabled' as const };
}

/** Writes beside the WAL: so many as slow as this, after so many fast ones. */
function slow(seconds: number, many = 30, fast = 30) {
  const all = [...Array<number>(fast).fill(0.001), ...Array<number>(many).fill(seconds)];
  return { role: 'wal' as const, directory: '/var/lib/etcd/member', seconds: all };
}

/** A peer with a single probe of 10 s among 20. */
function hiccup() {
  const latency = { edges: [0.001, 10], counts: [19, 20], sum: 0.1, count: 20 };
  return peer('3', 0.0005, { probes: [{ probe: 'http', latency, failures: 0 }] });
}

function fail(): never {
  throw new Error('the fixture has no probes');
}

describe('alarms that nobody could be asked for', () => {
  it('are said not to have been checked, instead of not to be raised', () => {
    const unknown = {
      code: 'ALARMS_UNKNOWN',
      severity: 'warning',
      message: 'No member said.',
      remedy: 'Ask.',
    } as const;
    const { lines } = reportOf(facts({ sections: { cluster: cluster({ findings: [unknown] }) } }), checks);
    expect(lines.filter(({ group }) => group === 'alarms')).toMatchObject([
      { status: 'skipped', message: 'not checked: No member said.' },
    ]);
  });
});

describe('round trips', () => {
  const lines = (...peers: Parameters<typeof peer>[]) =>
    reportOf(facts({ sections: { peers: { peers: peers.map((each) => peer(...each)), findings: [] } } }), checks)
      .lines.filter(({ group, message }) => group === 'network' && message.includes('round trip'))
      .map(({ message }) => message.replace(/ round trip .*/, ''));
  const { probes } = peer('3', 0.0005);

  it('of all peers are told by the same kind of probe, whichever was slower', () => {
    const slowTcp = probes.map((each) => (each.probe === 'tcp' ? { ...each, latency: otherLatency() } : each));
    expect(lines(['2', 0.0005], ['3', 0.0005, { probes: slowTcp }])).toEqual(['m2: HTTP', 'm3: HTTP']);
  });

  it('are those of TCP where one peer has no others', () => {
    const onlyTcp = probes.filter(({ probe }) => probe === 'tcp');
    expect(lines(['2', 0.0005], ['3', 0.0005, { probes: onlyTcp }])).toEqual(['m2: TCP', 'm3: TCP']);
  });
});

function otherLatency() {
  return { edges: [0.001, 0.01], counts: [0, 100], sum: 0.5, count: 100 };
}

describe("etcd's metrics page", () => {
  const diskLines = (of: Facts) => reportOf(of, checks).lines.filter(({ group }) => group === 'disk');

  it('that cannot be read is one finding with its URL and the key to mend, and exit code 1', () => {
    const fault = { code: 'ETCD_METRICS_GARBLED', message: 'The metrics page lacks this and that', remedy: 'x' };
    const given = facts({ sections: { wal: { fault } } });
    expect(findings(given)).toMatchObject([
      {
        group: 'disk',
        status: 'warning',
        code: 'ETCD_METRICS_GARBLED',
        message: expect.stringContaining('(https://10.0.0.1:2379/metrics): The metrics page lacks this and that.'),
        remedy: expect.stringContaining('member.metricsUrl'),
      },
    ]);
    expect(exitCodeOfReport(reportOf(given, checks))).toBe(1);
  });

  it('that is read and says nothing of the last seconds is not passed over', () => {
    expect(diskLines(facts({ sections: { wal: {} } })).filter(({ status }) => status === 'skipped')).toMatchObject([
      { message: "etcd's own WAL fsync: none in the last seconds" },
      { message: "etcd's own backend commit: none in the last seconds" },
    ]);
  });

  it('is not told again where etcd does not answer at all', () => {
    const fault = { code: 'ETCD_UNREACHABLE', message: 'refused' };
    expect(codes(facts({ sections: { wal: { fault }, member: { fault } } }))).toEqual(['critical ETCD_UNREACHABLE']);
  });
});

describe('a user without a role', () => {
  it('is told to make the role before it is granted anything', () => {
    const auth = { enabled: true, user: 'reader', by: 'password', roles: [], permissions: [] } as const;
    const line = findings(facts({ facts: { auth } })).find(({ message }) => message.startsWith('keyspace:'));
    expect(line?.remedy).toBe(
      'etcdctl role add etcd-caretaker (once), etcdctl role grant-permission etcd-caretaker --prefix=true read "", then etcdctl user grant-role reader etcd-caretaker.',
    );
  });
});
