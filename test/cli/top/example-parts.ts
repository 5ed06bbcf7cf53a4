import type { Part, Parts } from '../../../src/cli/top/parts.ts';

/** The clock of the examples: 2026-03-01 12:00:00 UTC. */
export const NOW_MS = Date.UTC(2026, 2, 1, 12);

/** A time before that, ISO 8601. */
function before(seconds: number): string {
  return new Date(NOW_MS - seconds * 1000).toISOString();
}

const names = ['m1', 'm2', 'm3'] as const;
const memory = { requests: { put: 0, get: 0, head: 0, list: 0, delete: 0 } };

const status: Part<'status'> = {
  agent: { version: '0.1.0', member: 'm1', rounds: 90, observedAt: before(2) },
  cluster: {
    name: 'shop',
    id: 'cdf818194e3a8c32',
    raftTerm: '4',
    linearizable: true,
    leader: { id: 'a2', name: 'm2' },
  },
  quorum: { voters: 3, learners: 0, votersReachable: 3, size: 2, holds: true, faultTolerance: 1 },
  ownMember: { state: 'follower', summary: 'It follows.' } as Part<'status'>['ownMember'] & object,
  members: names.map((name, index) => ({
    id: `a${index + 1}`,
    name,
    own: index === 0,
    role: index === 1 ? ('leader' as const) : ('follower' as const),
    voter: true,
    reachable: true,
    healthy: true,
    version: '3.6.4',
    revision: '48211',
    revisionLag: '0',
    raftIndexLagEntries: index === 2 ? '12' : '0',
    dbSizeBytes: 41_000_000,
    dbSizeInUseBytes: 33_000_000,
    clientUrls: [`http://127.0.0.1:2379${index}`],
    peerUrls: [`http://127.0.0.1:2380${index}`],
  })),
  alarms: [],
  findings: [],
  faults: [],
  leader: { id: 'a2', name: 'm2', epoch: '7', own: false },
  armed: true,
  agents: names.map((name, index) => ({
    id: `a${index + 1}`,
    name,
    version: '0.1.0',
    url: `http://127.0.0.1:93${index}9`,
  })),
  journalConnected: true,
  // It does not lead.
  backups: { working: false, kinds: [], stores: [] },
};

const backups: Part<'backups'> = {
  working: true,
  kinds: [],
  newestFull: { revision: '48000', startedAtMs: NOW_MS - 7_200_000 },
  stores: [
    { url: 'file:///backups', storedRevision: '48205', unprotected: { seconds: 1.2, revisions: '6' }, ...memory },
    { url: 's3://copy', storedRevision: '48211', unprotected: { seconds: 0, revisions: '0' }, ...memory },
  ],
};

const members: Part<'members'> = names.map((member, index) => ({
  memberId: `a${index + 1}`,
  member,
  own: index === 0,
  url: `http://127.0.0.1:93${index}9`,
  brief: {
    member,
    memberId: `a${index + 1}`,
    agentVersion: '0.1.0',
    observedAt: before(2),
    etcdStartedAt: before(90_000),
    latency: {
      walFsyncP99Seconds: 0.0021 * (index + 1),
      backendCommitP99Seconds: 0.0072,
      linearizableReadSeconds: 0.001,
    },
    disks: [{ role: 'wal', device: 'sda', sizeBytes: 100e9, availableBytes: index === 2 ? 9e9 : 60e9, busyRatio: 0.2 }],
    quota: {
      quotaBytes: 67_108_864,
      quotaSource: 'metrics',
      dbSizeBytes: 41_000_000,
      dbSizeInUseBytes: 33_000_000,
      usedRatio: 0.61,
      fragmentationRatio: 0.2,
      growthBytesPerSecond: 100,
      fullInSeconds: index === 0 ? 261_000 : '+Inf',
    },
    certificate: { role: 'server', subject: 'CN=etcd', notAfter: before(-87.5 * 86_400) },
    peers: names
      .filter((peer) => peer !== member)
      .map((peer) => ({ member: peer, memberId: `a${names.indexOf(peer) + 1}`, rttSeconds: 0.0004 })),
    causes: [],
  },
}));

const history: Part<'history'> = names.map((member, index) => {
  const times = Array.from({ length: 60 }, (_, sample) => NOW_MS / 1000 - (60 - sample) * 10);
  const flat = times.map(() => 0.5);
  const walFsyncP99Seconds = times.map((_, sample) =>
    sample === 57 ? null : 0.002 + 0.0001 * ((sample * (index + 1)) % 9),
  );
  return {
    member,
    memberId: `a${index + 1}`,
    stepSeconds: 10,
    times,
    series: {
      walFsyncP99Seconds,
      backendCommitP99Seconds: flat,
      quotaUsedRatio: flat,
      dbSizeBytes: flat,
      writesPerSecond: flat,
      backupLagSeconds: flat,
    },
    rttSeconds: {},
  };
});

const prefixes = Array.from({ length: 12 }, (_, index) => ({
  prefix: `/registry/kind${index}`,
  keys: 1200 - index * 90,
  bytes: 9_000_000 - index * 700_000,
  writes: 100,
  writesPerSecond: index === 4 ? 31.5 : 12 - index,
}));

const keyspace: Part<'keyspace'> = {
  phase: 'current',
  scannedKeys: 9000,
  revision: '48211',
  depth: 2,
  totalKeys: 9000,
  totalBytes: 61_000_000,
  prefixes,
  levels: [
    { depth: 1, prefixes: [{ prefix: '/registry', keys: 9000, bytes: 61_000_000, writes: 1200, writesPerSecond: 44 }] },
    { depth: 2, prefixes },
  ],
};

/** A healthy cluster of three. */
export const healthy = {
  status,
  members,
  decisions: {
    leader: { memberId: 'a2', member: 'm2', instance: 'i', epoch: '7', sinceMs: NOW_MS - 1e6 },
    decisions: [],
  },
  operations: {
    requests: [],
    history: [
      {
        revision: '48100',
        id: 'one',
        operation: 'defrag',
        outcome: 'succeeded',
        epoch: '7',
        holder: 'a2',
        targets: ['a3'],
        startedAtMs: NOW_MS - 400_000,
        endedAtMs: NOW_MS - 390_000,
        seconds: 10,
        reasons: [],
        summary: 'The file has 33 MB instead of 61 MB.',
        steps: [],
        figures: {},
      },
    ],
  },
  backups,
  keyspace,
  changes: [
    { at: before(30), kind: 'restarted', member: 'm3', by: 'others', message: 'etcd of m3 was started again.' },
    { at: before(800), kind: 'raft-leader', member: 'm2', by: 'caretaker', message: 'm2 leads instead of m1.' },
  ],
  history,
} satisfies Parts;

/** The same with defragmentation of m3 under way. */
export const operating: Parts = {
  ...healthy,
  operations: {
    ...healthy.operations,
    requests: [{ id: 'r', operation: 'snapshot', by: 'ada@db1', atMs: NOW_MS - 60_000 }],
    slot: {
      id: 'two',
      operation: 'defrag',
      operationVersion: 1,
      targets: ['a3', 'a1'],
      phase: 'defragment',
      epoch: '7',
      holder: 'a2',
      startedAtMs: NOW_MS - 200_000,
      phaseAtMs: NOW_MS - 12_000,
      reasons: ['38 % of the file of m3 are free pages.'],
      requestedBy: 'ada@db1',
      parameters: {},
      progress: {},
      steps: [
        { name: 'taken', atMs: NOW_MS - 200_000 },
        { name: 'check', memberId: 'a3', atMs: NOW_MS - 60_000, detail: 'All voters answer.' },
        { name: 'defragment', memberId: 'a3', atMs: NOW_MS - 12_000, detail: '39.1 MiB' },
      ],
    },
  },
};

/** Two of three members are gone, and with them their agents. */
export const quorumLost: Parts = {
  ...healthy,
  status: {
    ...status,
    quorum: { voters: 3, learners: 0, votersReachable: 1, size: 2, holds: false, faultTolerance: 0 },
    members: status.members.map((member, index) =>
      index === 0 ? member : { ...member, role: 'unknown', reachable: false, healthy: false },
    ),
    findings: [
      {
        collector: 'peers',
        code: 'CLOCK',
        severity: 'info',
        message: 'The clock of m3 is 2 s off.',
        remedy: 'Set it.',
      },
      {
        collector: 'cluster',
        code: 'QUORUM',
        severity: 'critical',
        message: 'No quorum: writes stop.',
        remedy: 'Run recover.',
      },
    ],
    journalConnected: false,
  },
  members: members.map((sight, index) => ({
    ...sight,
    ...(index === 0
      ? { brief: { ...sight.brief, causes: causes() } as NonNullable<typeof sight.brief> }
      : { silentSince: before(125), fault: { code: 'PEER_AGENT_UNREACHABLE', message: 'the connection was refused' } }),
  })),
  decisions: { fault: { code: 'AGENT_UNREACHABLE', message: 'the agent that leads does not answer' } },
};

function causes(): NonNullable<Part<'members'>[number]['brief']>['causes'] {
  const common = { rank: 1, since: before(100), confidence: 'certain' as const };
  return [
    { ...common, verdict: 'clock-off', member: 'm1', evidence: ['it is 2 s off'], firstStep: 'Start chrony.' },
    { ...common, verdict: 'quorum-lost', evidence: ['1 of 3 voters answers'], firstStep: 'Look after m2 and m3.' },
  ];
}
