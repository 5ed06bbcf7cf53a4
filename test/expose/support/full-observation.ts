import type { Observation, SectionName } from '../../../src/cluster/observation.ts';
import type { ClusterMember, Histogram, MemberStatus, Sections } from '../../../src/cluster/sections.ts';
import { fullBackups, fullLastGasp } from './full-backups.ts';
import { fullCaretaking } from './full-caretaking.ts';

const observedAtMs = Date.UTC(2026, 0, 2, 3, 4, 5);

function histogram(samples: number, mean: number): Histogram {
  const edges = [0.001, 0.01, 0.1, 1];
  return {
    edges,
    counts: edges.map((edge) => (edge >= mean ? samples : Math.floor(samples / 10))),
    sum: samples * mean,
    count: samples,
  };
}

function status(memberId: string, leaderId: string, change: Partial<MemberStatus> = {}): MemberStatus {
  return {
    memberId,
    clusterId: 'cdf818194e3a8c32',
    version: '3.5.30',
    revision: 4711n,
    raftTerm: 7n,
    raftIndex: 9001n,
    raftAppliedIndex: 9000n,
    leaderId,
    isLeader: memberId === leaderId,
    isLearner: false,
    dbSizeBytes: 83_886_080,
    dbSizeInUseBytes: 41_943_040,
    errors: [],
    ...change,
  };
}

function member(name: string, id: string, change: Partial<ClusterMember>): ClusterMember {
  return {
    id,
    name,
    peerUrls: [`https://${name}.example:2380`],
    clientUrls: [`https://${name}.example:2379`],
    isLearner: false,
    reachable: true,
    healthy: true,
    ...change,
  };
}

const ids = { m1: '8e9e05c52164694d', m2: '91bc3c398fb3c146', m3: 'fd422379fda50e48' };

const sections: Sections = {
  member: {
    state: 'nospace',
    summary: 'follower, NOSPACE',
    status: status(ids.m1, ids.m2),
    linearizableReadSeconds: 0.00175,
    findings: [{ code: 'VERSION_HAZARD', severity: 'warning', message: 'An old etcd.', remedy: 'Upgrade it.' }],
  },
  cluster: {
    clusterId: 'cdf818194e3a8c32',
    linearizable: true,
    members: [
      member('m1', ids.m1, { status: status(ids.m1, ids.m2), raftIndexLagEntries: 12n, revisionLag: 3n }),
      member('m2', ids.m2, {
        status: status(ids.m2, ids.m2, { revision: 4714n, raftIndex: 9013n, raftAppliedIndex: 9013n }),
        raftIndexLagEntries: 0n,
        revisionLag: 0n,
      }),
      member('m3', ids.m3, {
        reachable: false,
        healthy: false,
        fault: { code: 'ETCD_UNREACHABLE', message: 'https://m3.example:2379 refused the connection.' },
      }),
      member('', 'a8266ecf031671f3', { isLearner: true, reachable: false, healthy: false, clientUrls: [] }),
    ],
    alarms: [{ memberId: ids.m1, member: 'm1', alarm: 'NOSPACE' }],
    voters: 3,
    learners: 1,
    votersReachable: 2,
    quorumSize: 2,
    raftTerm: 7n,
    leaderId: ids.m2,
    findings: [
      { code: 'MEMBER_UNREACHABLE', severity: 'critical', message: 'm3 does not answer.', remedy: 'Look at it.' },
      { code: 'VERSION_HAZARD', severity: 'warning', message: 'Another old etcd.', remedy: 'Upgrade it.' },
    ],
  },
  wal: {
    intervalSeconds: 10,
    walFsyncP99Seconds: 0.0041,
    backendCommitP99Seconds: 0.0125,
    walFsyncsInInterval: 132,
    backendCommitsInInterval: 98,
    defragInflight: false,
  },
  quota: {
    quotaBytes: 104_857_600,
    quotaSource: 'metrics',
    dbSizeBytes: 83_886_080,
    dbSizeInUseBytes: 41_943_040,
    usedRatio: 0.8,
    fragmentationRatio: 0.5,
    growthBytesPerSecond: -12.5,
    fullInSeconds: Number.POSITIVE_INFINITY,
  },
  disk: {
    devices: [
      {
        role: 'wal',
        path: '/var/lib/etcd/member/wal',
        filesystemType: 'ext4',
        device: 'nvme0n1p2',
        disks: ['nvme0n1'],
        model: 'Samsung "PRO" \\ 980',
        rotational: false,
        counters: {
          readsCompleted: 1200,
          writesCompleted: 98_765,
          readBytes: 49_152_000,
          writtenBytes: 9_876_543_488,
          readTimeSeconds: 1.25,
          writeTimeSeconds: 321.5,
          flushesCompleted: 45_678,
          flushTimeSeconds: 98.75,
          ioTimeSeconds: 400.125,
          ioNow: 2,
        },
      },
      { role: 'data', path: '/var/lib/etcd', filesystemType: 'tmpfs', unresolved: 'tmpfs has no device.' },
    ],
  },
  filesystem: {
    filesystems: [
      {
        role: 'wal',
        path: '/var/lib/etcd/member/wal',
        sizeBytes: 107_374_182_400,
        availableBytes: 53_687_091_200,
        files: 6_553_600,
        filesFree: 6_500_000,
        readOnly: false,
      },
    ],
  },
  pressure: {
    stalls: [
      { scope: 'system', resource: 'io', kind: 'some', stalledSeconds: 12.5, avg10Ratio: 0.01 },
      { scope: 'system', resource: 'io', kind: 'full', stalledSeconds: 10.25, avg10Ratio: 0.005 },
      { scope: 'etcd', resource: 'cpu', kind: 'some', stalledSeconds: 3.75, avg10Ratio: 0 },
    ],
  },
  process: {
    pid: 4242,
    foundBy: 'data-dir',
    startedAtMs: observedAtMs - 3_600_000,
    cpuSeconds: 123.45,
    cpuWaitSeconds: 4.5,
    cpuTurns: 90_000,
    majorFaults: 12,
    residentBytes: 150_994_944,
    openFds: 87,
    maxFds: 65_536,
    readBytes: 4096,
    writtenBytes: 8_589_934_592,
    settings: { 'quota-backend-bytes': '104857600', 'election-timeout': '2000' },
  },
  'fsync-probe': {
    probes: [
      { role: 'wal', directory: '/var/lib/etcd/member/wal', latency: histogram(600, 0.002), failures: 0 },
      {
        role: 'data',
        directory: '/var/lib/etcd',
        latency: histogram(20, 0.5),
        failures: 3,
        idle: 'A write has been waiting for 12 s.',
        pendingSeconds: 12,
      },
    ],
  },
  peers: {
    peers: [
      {
        peer: 'm2',
        peerId: ids.m2,
        url: 'https://m2.example:2380',
        probes: [
          { probe: 'tcp', latency: histogram(300, 0.0005), failures: 0, lastSeconds: 0.0004 },
          { probe: 'tls', latency: histogram(300, 0.004), failures: 1, lastSeconds: 0.0035 },
          { probe: 'http', latency: histogram(0, 0), failures: 0, impossible: true },
        ],
        clockSkewSeconds: -0.25,
        clockSkewErrorSeconds: 0.002,
      },
      {
        peer: 'm2',
        peerId: ids.m2,
        url: 'https://m2-other.example:2380',
        probes: [{ probe: 'tcp', latency: histogram(100, 0.05), failures: 7 }],
        clockSkewSeconds: -0.3,
        clockSkewErrorSeconds: 0.1,
      },
      {
        peer: 'm3',
        peerId: ids.m3,
        url: 'https://m3.example:2380',
        probes: [
          {
            probe: 'tcp',
            latency: histogram(0, 0),
            failures: 300,
            fault: { code: 'ECONNREFUSED', message: 'm3 refused the connection.' },
          },
        ],
      },
    ],
    findings: [],
  },
  certificates: {
    certificates: [
      certificate('server', 'CN=m1', 90),
      certificate('peer', 'CN=m1', 90),
      certificate('served-peer', 'CN=m2', 30),
      certificate('served-peer', 'CN=m2', 3),
      certificate('server-ca', 'O=Example\nCN="root" \\ 1', 3650),
    ],
    findings: [
      { code: 'CERTIFICATE_EXPIRES_SOON', severity: 'info', message: 'CN=m2 has 3 days.', remedy: 'Renew it.' },
    ],
  },
  keyspace: {
    phase: 'current',
    scannedKeys: 1500,
    revision: 4711n,
    depth: 2,
    totalKeys: 1500,
    totalBytes: 768_000,
    prefixes: [
      { prefix: '/registry/pods/', keys: 1000, bytes: 512_000, writes: 345, writesPerSecond: 1.5 },
      { prefix: 'other', keys: 500, bytes: 256_000, writes: 12, writesPerSecond: 0 },
    ],
    levels: [],
  },
  canary: {
    canaries: [
      {
        operation: 'read',
        outcomes: { succeeded: 170, slow: 7, failed: 3 },
        discarded: 1,
        latency: histogram(177, 0.004),
      },
      {
        operation: 'write',
        outcomes: { succeeded: 12, slow: 0, failed: 0 },
        discarded: 0,
        latency: histogram(12, 0.01),
        off: 'the user may not write',
        fault: { code: 'ETCD_PERMISSION_DENIED', message: 'the user may not write' },
      },
    ],
  },
  host: {
    hostname: 'node-1',
    kernel: '6.1.0-28-amd64',
    distribution: 'Debian GNU/Linux 12',
    architecture: 'x64',
    cpus: 4,
    cpuModel: 'Example CPU',
    memoryBytes: 17_179_869_184,
    virtualization: 'kvm',
  },
  requests: {
    processStartSeconds: 1_767_300_000,
    methods: [{ method: 'Range', handled: 1000, deadlineExceeded: 2, canceled: 3 }],
    puts: 500,
    deletes: 10,
    ranges: 1000,
    clientSentBytes: 1_000_000,
    clientReceivedBytes: 500_000,
    walWrittenBytes: 700_000,
    cpuSeconds: 123.4,
    watchers: 80,
    slowWatchers: 0,
    pendingEvents: 0,
    leases: 5,
    slowApplies: 1,
    slowReadIndexes: 0,
    proposalsFailed: 0,
    proposalsPending: 0,
    heartbeatSendFailures: 0,
    leaderChanges: 2,
    snapshotStreams: 0,
    watchEvents: 12,
    snapshotsInFlight: 0,
  },
  limits: {
    cgroup: '/system.slice/etcd.service',
    cpu: { cpus: 2, periods: 1000, throttledPeriods: 10, throttledSeconds: 0.5 },
    memory: { usedBytes: 200_000_000, limitBytes: 2_147_483_648, fileBytes: 50_000_000, limitHits: 0 },
    hostAvailableBytes: 8_589_934_592,
    hostBytes: 17_179_869_184,
  },
  neighbours: {
    because: 'io',
    othersIoBytesPerSecond: 50_000_000,
    othersCpus: 0.5,
    etcdIoBytesPerSecond: 1_000_000,
    etcdCpus: 0.1,
    busyRatio: 0.3,
    groups: [{ cgroup: '/user.slice', processes: 2, ioBytesPerSecond: 49_500_000, cpus: 0.5 }],
    top: [{ pid: 999, command: 'dd', cgroup: '/user.slice', ioBytesPerSecond: 49_000_000, cpus: 0.4 }],
  },
};

function certificate(
  role: Sections['certificates']['certificates'][number]['role'],
  subject: string,
  days: number,
): Sections['certificates']['certificates'][number] {
  return {
    role,
    source: `/etc/etcd/${role}.crt`,
    subject,
    issuer: 'CN=root',
    serial: '01',
    notBeforeMs: observedAtMs - 86_400_000,
    notAfterMs: observedAtMs + days * 86_400_000,
    sans: ['DNS:localhost'],
  };
}

/** An observation by hand that has everything: three members, one of them down, a learner, a device and a tmpfs. */
export const fullObservation: Observation = {
  member: 'm1',
  cluster: 'prod "eu"',
  agentVersion: '1.2.3',
  observedAtMs,
  observedAtMonotonicMs: 420_000,
  rounds: 42,
  collectors: Object.fromEntries(
    Object.keys(sections).map((name) => [name, { success: name !== 'host', durations: histogram(42, 0.005) }]),
  ),
  sections: Object.fromEntries(
    Object.entries(sections).map(([name, value]) => [name, { observedAtMs, durationSeconds: 0.005, value }]),
  ),
  caretaking: fullCaretaking,
  diagnosis: {
    looks: 12,
    causes: [
      {
        verdict: 'disk-slow-neighbour',
        member: 'm1',
        rank: 1,
        confidence: 'likely',
        evidence: [
          'an fsync of the WAL takes 120 ms (p99)',
          'dd (process 999, /user.slice) reads and writes 46.7 MiB/s',
        ],
        firstStep: 'Move dd to another disk.',
        sinceMs: observedAtMs - 20_000,
        foundAtMonotonicMs: 420_000,
      },
      {
        verdict: 'client-timeouts',
        rank: 2,
        confidence: 'possible',
        evidence: ['clients give up 2.0 calls a second'],
        firstStep: 'Mend what makes etcd slow first.',
        sinceMs: observedAtMs - 10_000,
        foundAtMonotonicMs: 420_000,
        explainedBy: 'disk-slow-neighbour',
      },
    ],
  },
  backups: fullBackups,
  lastGasp: fullLastGasp,
  recovery: {
    unattended: { mode: 'auto', afterMs: 120_000 },
    state: 'holding',
    reasons: [{ code: 'AGENT_NOT_HEARD', message: 'the agent beside m3 was not heard' }],
    lostAtMs: 1_767_312_000_000,
    last: { planId: '20260101T000000Z-00000001', outcome: 'succeeded', endedAtMs: 1_767_225_600_000 },
    ended: { succeeded: 1, failed: 0 },
    doubts: [{ code: 'SETTINGS_DIFFER', message: 'the agents have different settings for a lost quorum' }],
  },
  own: {
    kind: 'child',
    process: { state: 'stopped', end: { how: 'exit code 1', cause: 'wal-corrupt', evidence: 'crc mismatch', atMs: 1 } },
    dataDir: {
      state: 'corrupt',
      part: 'wal',
      problem: 'the WAL is damaged',
      clusterId: 'cdf818194e3a8c32',
      memberId: '1',
    },
    bootstrapped: true,
    identity: { clusterId: 'cdf818194e3a8c32', memberId: '1' },
    boot: { action: 'wait', reasons: [{ code: 'DATA_CORRUPT', message: 'the WAL is damaged' }] },
    peerUrl: 'http://10.0.0.1:2380',
    restarts: 2,
    quarantine: [
      { path: '/var/lib/etcd.quarantine-20260101T000000Z-replace', reason: 'replace', atMs: 2, bytes: 1024 },
    ],
  },
};

/** What there is before the first round. */
export const emptyObservation: Observation = {
  member: 'm1',
  cluster: 'prod',
  agentVersion: '1.2.3',
  observedAtMs: 0,
  observedAtMonotonicMs: 0,
  rounds: 0,
  collectors: {},
  sections: {},
};

/** The full observation with some sections changed; undefined: this collector has failed. */
export function observationWith(
  change: { readonly [K in SectionName]?: Partial<Sections[K]> | undefined },
): Observation {
  const changed = Object.entries(change).map(([name, part]) => {
    const before = sections[name as SectionName];
    const fault = { code: 'EIO', message: `The collector ${name} failed.`, remedy: 'Look at the disk.' };
    const reading = { observedAtMs, durationSeconds: 0.005 };
    return [name, part === undefined ? { ...reading, fault } : { ...reading, value: { ...before, ...part } }];
  });
  return { ...fullObservation, sections: { ...fullObservation.sections, ...Object.fromEntries(changed) } };
}
