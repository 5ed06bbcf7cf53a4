import type { AsJson } from '../../../src/expose/as-json.ts';
import type { ClusterChange, HistoryReply, MemberSight, StreamParts } from '../../../src/expose/live/words.ts';
import type { Status, StatusMember } from '../../../src/expose/status.ts';

/** The parts of a stream, as an agent would send them. */
export type FixtureParts = { readonly [K in Exclude<keyof StreamParts, 'sample'>]: AsJson<StreamParts[K]> };

const MINUTE = 60_000;
const HOUR = 3_600_000;

/** When something was, by how long before `now` it was, both in ms. */
export function ago(now: number, ms: number): string {
  return new Date(now - ms).toISOString();
}

/** One member of the fixtures' cluster: m1, m2, m3; m2 leads. */
export function fixtureMember(n: number, more: Partial<AsJson<StatusMember>> = {}): AsJson<StatusMember> {
  return {
    id: `8e9e05c5216469${n}d`,
    name: `m${n}`,
    own: n === 1,
    role: n === 2 ? 'leader' : 'follower',
    voter: true,
    reachable: true,
    healthy: true,
    version: '3.5.30',
    revision: '918440',
    revisionLag: '0',
    raftIndex: '1204411',
    raftIndexLagEntries: n === 2 ? '0' : '1',
    dbSizeBytes: 1.31 * 2 ** 30,
    dbSizeInUseBytes: 1.02 * 2 ** 30,
    clientUrls: [`https://10.0.0.${n}:2379`],
    peerUrls: [`https://10.0.0.${n}:2380`],
    ...more,
  };
}

/** What the agents have of the one beside a member. */
export function fixtureSight(n: number, now: number, more: Partial<AsJson<MemberSight>> = {}): AsJson<MemberSight> {
  const peers = [1, 2, 3].filter((other) => other !== n);
  return {
    memberId: `8e9e05c5216469${n}d`,
    member: `m${n}`,
    own: n === 1,
    url: `https://10.0.0.${n}:9379`,
    brief: {
      member: `m${n}`,
      memberId: `8e9e05c5216469${n}d`,
      agentVersion: '0.1.0',
      observedAt: ago(now, 2000),
      etcdStartedAt: ago(now, 41 * 24 * HOUR),
      latency: {
        walFsyncP99Seconds: 0.0018 * n,
        backendCommitP99Seconds: 0.0041 * n,
        linearizableReadSeconds: 0.0009 * n,
      },
      disks: [
        {
          role: 'wal',
          device: 'nvme0n1',
          model: 'Example SSD 970',
          sizeBytes: 2 ** 36,
          availableBytes: 0.71 * 2 ** 36,
          busyRatio: 0.08 * n,
        },
        { role: 'data', device: 'nvme1n1', sizeBytes: 2 ** 38, availableBytes: 0.64 * 2 ** 38, busyRatio: 0.03 * n },
      ],
      quota: {
        quotaBytes: 2 ** 31,
        quotaSource: 'flag',
        dbSizeBytes: 1.31 * 2 ** 30,
        dbSizeInUseBytes: 1.02 * 2 ** 30,
        usedRatio: 0.655,
        fragmentationRatio: 0.22,
        growthBytesPerSecond: 1900,
        fullInSeconds: 4.6 * 86_400,
      },
      certificate: { role: 'peer', subject: `CN=m${n}`, notAfter: ago(now, -(30 + 11 * n) * 24 * HOUR) },
      peers: peers.map((other) => ({
        member: `m${other}`,
        memberId: `8e9e05c5216469${other}d`,
        rttSeconds: 0.00042 * (n + other),
        clockSkewSeconds: 0.002,
      })),
      causes: [],
    },
    ...more,
  };
}

/** An hour of one member, with the newest sample just now. Reproducible. */
function fixtureHistory(n: number, now: number): AsJson<HistoryReply> {
  const times = Array.from({ length: 721 }, (_, index) => Math.floor(now / 1000) - (720 - index) * 5);
  const wave = (index: number, base: number): number =>
    base *
    (1 + 0.25 * Math.sin(index / 37 + n) + 0.12 * Math.sin(index / 5 + 3 * n) + (index % 97 === 7 * n ? 0.9 : 0));
  const each = (of: (index: number) => number | null) =>
    times.map((_, index) => (n === 3 && index > 300 && index < 340 ? null : of(index)));
  return {
    member: `m${n}`,
    memberId: `8e9e05c5216469${n}d`,
    stepSeconds: 5,
    times,
    series: {
      walFsyncP99Seconds: each((index) => wave(index, 0.0018 * n)),
      backendCommitP99Seconds: each((index) => wave(index, 0.0041 * n)),
      quotaUsedRatio: each((index) => 0.62 + index * 0.00005 + 0.004 * n),
      dbSizeBytes: each((index) => 1.25 * 2 ** 30 + index * 90_000 + n * 8e6),
      writesPerSecond: each((index) => wave(index, 110 + 3 * n)),
      backupLagSeconds: each((index) => (n === 2 ? wave(index, 0.7) : null)),
    },
    rttSeconds: {},
  };
}

/** A cluster in which all is well, as the agent beside m1 shows it. */
export function healthyParts(now: number): FixtureParts {
  const members = [1, 2, 3].map((n) => fixtureMember(n));
  return {
    status: fixtureStatus(now, { members }),
    members: [1, 2, 3].map((n) => fixtureSight(n, now)),
    decisions: {
      leader: { memberId: '8e9e05c52164692d', member: 'm2', instance: 'i2', epoch: '14', sinceMs: now - 9 * HOUR },
      armed: { atMs: now - 40 * 24 * HOUR, epoch: '1', members: members.map(({ id }) => id) },
      decidedAtMs: now - 4000,
      decisions: [
        {
          policy: 'nospace',
          decision: 'hold',
          reasons: [{ code: 'NO_ALARM', message: 'no member has the alarm NOSPACE' }],
        },
        {
          policy: 'replace',
          decision: 'hold',
          reasons: [{ code: 'ALL_WELL', message: 'no member needs to be replaced' }],
        },
        {
          policy: 'compaction',
          decision: 'hold',
          reasons: [
            { code: 'NOT_DUE', message: 'the next one is due in 3 min' },
            { code: 'BACKUPS_AHEAD', message: 'the backups are past the revision that it would compact to' },
          ],
        },
        {
          policy: 'defrag',
          decision: 'plan',
          reasons: [
            {
              code: 'OUTSIDE_WINDOW',
              message: '22 % of m3 would be free again, but no window is open until 02:00 UTC',
            },
          ],
          action: { operation: 'defrag', targets: ['8e9e05c52164693d'], parameters: { reclaimableBytes: 309_237_645 } },
        },
        {
          policy: 'snapshot',
          decision: 'hold',
          reasons: [{ code: 'NOT_DUE', message: 'the next full snapshot is due in 2 h' }],
        },
        { policy: 'drill', decision: 'hold', reasons: [{ code: 'NOT_DUE', message: 'the last drill passed 5 h ago' }] },
        {
          policy: 'hash-check',
          decision: 'hold',
          reasons: [{ code: 'NOT_DUE', message: 'the next one is due in 40 min' }],
        },
      ],
    },
    operations: { requests: [], history: fixtureOperations(now) },
    backups: fixtureBackups(now),
    keyspace: fixtureKeyspace(),
    changes: fixtureChanges(now),
    history: [1, 2, 3].map((n) => fixtureHistory(n, now)),
  };
}

/** The status of the healthy cluster, and what is to be different. */
export function fixtureStatus(now: number, more: Partial<AsJson<Status>> = {}): AsJson<Status> {
  return {
    agent: { version: '0.1.0', member: 'm1', observedAt: ago(now, 2000), rounds: 5000 },
    cluster: {
      name: 'prod',
      id: 'c0ffee25745f1236',
      raftTerm: '7',
      linearizable: true,
      leader: { id: '8e9e05c52164692d', name: 'm2' },
    },
    quorum: { voters: 3, learners: 0, votersReachable: 3, size: 2, holds: true, faultTolerance: 1 },
    ownMember: { state: 'healthy', summary: 'follower, healthy' },
    members: [1, 2, 3].map((n) => fixtureMember(n)),
    alarms: [],
    findings: [],
    faults: [],
    leader: { id: '8e9e05c52164692d', name: 'm2', epoch: '14', own: false },
    armed: true,
    agents: [1, 2, 3].map((n) => ({
      id: `8e9e05c5216469${n}d`,
      name: `m${n}`,
      version: '0.1.0',
      url: `https://10.0.0.${n}:9379`,
    })),
    journalConnected: true,
    backups: { working: false, kinds: [], stores: [] },
    ...more,
  };
}

function fixtureOperations(
  now: number,
): AsJson<StreamParts['operations']> extends infer R ? Extract<R, { history: unknown }>['history'] : never {
  const common = { epoch: '14', holder: '8e9e05c52164692d', reasons: [], figures: {} } as const;
  return [
    {
      ...common,
      revision: '918001',
      id: 'op-3',
      operation: 'compaction',
      outcome: 'succeeded',
      targets: [],
      startedAtMs: now - 6 * MINUTE,
      endedAtMs: now - 6 * MINUTE + 900,
      seconds: 0.9,
      summary: 'compacted to revision 908000',
      steps: [{ name: 'compact', atMs: now - 6 * MINUTE + 100, detail: 'to revision 908000' }],
    },
    {
      ...common,
      revision: '880112',
      id: 'op-2',
      operation: 'drill',
      outcome: 'succeeded',
      targets: ['8e9e05c52164693d'],
      startedAtMs: now - 5 * HOUR - 2 * MINUTE,
      endedAtMs: now - 5 * HOUR,
      seconds: 118,
      reasons: ['the last drill was 24 h ago'],
      summary: 'revision 879990 restored in 41 s, equal to the cluster by hash and number of keys',
      steps: [
        { name: 'restore', memberId: '8e9e05c52164693d', atMs: now - 5 * HOUR - 2 * MINUTE },
        { name: 'compare', atMs: now - 5 * HOUR - 20_000, detail: 'hash and number of keys' },
      ],
    },
    {
      ...common,
      revision: '700100',
      id: 'op-1',
      operation: 'defrag',
      outcome: 'stopped',
      targets: ['8e9e05c52164691d'],
      startedAtMs: now - 26 * HOUR,
      endedAtMs: now - 26 * HOUR + 4000,
      seconds: 4,
      summary: 'm2 fell behind, so m1 was left as it is',
      code: 'MEMBER_BEHIND',
      requestedBy: 'token (ada@db1)',
      steps: [{ name: 'look', memberId: '8e9e05c52164691d', atMs: now - 26 * HOUR }],
    },
  ];
}

function fixtureBackups(now: number): FixtureParts['backups'] {
  return {
    working: true,
    kinds: [],
    newestFull: { revision: '900100', startedAtMs: now - 4 * HOUR },
    stores: [
      {
        url: 's3://backups/prod',
        storedRevision: '918436',
        unprotected: { seconds: 0.6, revisions: '4' },
        provenAtMs: now - 5 * HOUR,
        requests: { put: 0, get: 0, head: 0, list: 0, delete: 0 },
      },
    ],
  };
}

function fixtureChanges(now: number): readonly ClusterChange[] {
  return [
    {
      at: ago(now, 41 * MINUTE),
      kind: 'raft-leader',
      member: 'm2',
      by: 'others',
      message: 'm2 has become the raft leader, m1 was it before.',
    },
    { at: ago(now, 3 * HOUR), kind: 'restarted', member: 'm3', by: 'others', message: 'etcd of m3 was restarted.' },
    {
      at: ago(now, 5 * HOUR),
      kind: 'agent-version',
      member: 'm3',
      by: 'others',
      message: 'The agent beside m3 is now 0.1.0.',
    },
  ];
}

const prefixes = [
  ['/registry/pods/', 41_200, 512, 61],
  ['/registry/events/', 88_400, 301, 240],
  ['/registry/configmaps/', 5_100, 122, 0.4],
  ['/registry/secrets/', 9_700, 88, 0.1],
  ['/registry/leases/', 640, 12, 118],
  ['/registry/services/', 3_300, 21, 1.2],
  ['/calico/ipam/', 12_800, 46, 9],
  ['/registry/deployments/', 4_100, 64, 3],
  ['other', 15_000, 30, 2],
] as const;

function fixtureKeyspace(): FixtureParts['keyspace'] {
  const totals = prefixes.map(([prefix, keys, mib, writesPerSecond]) => ({
    prefix,
    keys,
    bytes: mib * 2 ** 20,
    writes: 1000,
    writesPerSecond,
  }));
  const first = ['/registry/', '/calico/', 'other'].map((prefix) => {
    const within = totals.filter((each) => each.prefix.startsWith(prefix));
    const sum = (of: (each: (typeof totals)[number]) => number): number =>
      within.reduce((all, each) => all + of(each), 0);
    return {
      prefix,
      keys: sum((each) => each.keys),
      bytes: sum((each) => each.bytes),
      writes: 1000,
      writesPerSecond: sum((each) => each.writesPerSecond),
    };
  });
  return {
    phase: 'current',
    scannedKeys: 180_240,
    revision: '918440',
    depth: 2,
    totalKeys: 180_240,
    totalBytes: 1196 * 2 ** 20,
    prefixes: totals,
    levels: [
      { depth: 1, prefixes: first },
      { depth: 2, prefixes: totals },
    ],
  };
}
