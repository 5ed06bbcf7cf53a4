import type { Facts } from '../../../src/cli/doctor/facts.ts';
import type { Observation, Reading, SectionName } from '../../../src/cluster/observation.ts';
import type {
  ClusterMember,
  ClusterSection,
  Histogram,
  MemberStatus,
  PeerReading,
  QuotaSection,
  Sections,
} from '../../../src/cluster/sections.ts';

/** When the made-up facts were gathered. */
const nowMs = Date.UTC(2026, 0, 15, 12);

export function status(memberId: string, over: Partial<MemberStatus> = {}): MemberStatus {
  return {
    memberId,
    clusterId: 'c',
    version: '3.5.32',
    revision: 100n,
    raftTerm: 4n,
    raftIndex: 5000n,
    raftAppliedIndex: 5000n,
    leaderId: '1',
    isLeader: memberId === '1',
    isLearner: false,
    dbSizeBytes: 50_000_000,
    dbSizeInUseBytes: 40_000_000,
    errors: [],
    ...over,
  };
}

export function member(id: string, over: Partial<ClusterMember> = {}): ClusterMember {
  return {
    id,
    name: `m${id}`,
    peerUrls: [`https://10.0.0.${id}:2380`],
    clientUrls: [`https://10.0.0.${id}:2379`],
    isLearner: false,
    reachable: true,
    status: status(id),
    raftIndexLagEntries: 0n,
    revisionLag: 0n,
    healthy: true,
    ...over,
  };
}

export function cluster(over: Partial<ClusterSection> = {}): ClusterSection {
  return {
    clusterId: 'c',
    linearizable: true,
    members: [member('1'), member('2'), member('3')],
    alarms: [],
    voters: 3,
    learners: 0,
    votersReachable: 3,
    quorumSize: 2,
    raftTerm: 4n,
    leaderId: '1',
    findings: [],
    ...over,
  };
}

/** A histogram in which all samples took at most `seconds`. */
function histogram(seconds: number, count = 100): Histogram {
  const edges = [0.001, 0.01, 0.1, 1, 10];
  return { edges, counts: edges.map((edge) => (seconds <= edge ? count : 0)), sum: seconds * count, count };
}

export function peer(id: string, seconds: number, over: Partial<PeerReading> = {}): PeerReading {
  return {
    peer: `m${id}`,
    peerId: id,
    url: `https://10.0.0.${id}:2380`,
    probes: (['tcp', 'tls', 'http'] as const).map((probe) => ({
      probe,
      latency: histogram(seconds),
      failures: 0,
      lastSeconds: seconds,
    })),
    clockSkewSeconds: 0.002,
    clockSkewErrorSeconds: 0.001,
    ...over,
  };
}

export function quota(over: Partial<QuotaSection> = {}): QuotaSection {
  return {
    quotaBytes: 2 * 1024 ** 3,
    quotaSource: 'metrics',
    dbSizeBytes: 50_000_000,
    dbSizeInUseBytes: 40_000_000,
    usedRatio: 50_000_000 / (2 * 1024 ** 3),
    fragmentationRatio: 0.2,
    ...over,
  };
}

/** Sections of a healthy cluster of three with mTLS, as the agent beside m1 sees it. */
export const healthySections: Partial<Sections> = {
  member: {
    state: 'healthy',
    summary: 'raft leader, healthy',
    status: status('1'),
    linearizableReadSeconds: 0.002,
    findings: [],
  },
  cluster: cluster(),
  wal: {
    intervalSeconds: 2.5,
    walFsyncP99Seconds: 0.002,
    walFsyncsInInterval: 120,
    backendCommitP99Seconds: 0.004,
    backendCommitsInInterval: 120,
  },
  quota: quota(),
  disk: {
    devices: (['wal', 'data'] as const).map((role) => ({
      role,
      path: '/var/lib/etcd',
      filesystemType: 'xfs',
      device: 'nvme0n1p1',
      disks: ['nvme0n1'],
    })),
  },
  filesystem: {
    filesystems: (['wal', 'data'] as const).map((role) => ({
      role,
      path: '/var/lib/etcd',
      sizeBytes: 100e9,
      availableBytes: 60e9,
      files: 1e6,
      filesFree: 9e5,
      readOnly: false,
    })),
  },
  peers: { peers: [peer('2', 0.0005), peer('3', 0.0005)], findings: [] },
  certificates: {
    certificates: [
      {
        role: 'client',
        source: '/etc/etcd/client.crt',
        subject: 'CN=caretaker',
        issuer: 'CN=ca',
        serial: '01',
        notBeforeMs: nowMs - 86_400_000,
        notAfterMs: nowMs + 300 * 86_400_000,
        sans: [],
      },
    ],
    findings: [],
  },
};

type SectionChange = { readonly [K in SectionName]?: Sections[K] | Pick<Reading<never>, 'fault'> };

/** Facts of that cluster, changed. A section may be replaced, or by `{ fault }` made one that could not be read. */
export function facts(change: { readonly sections?: SectionChange; readonly facts?: Partial<Facts> } = {}): Facts {
  const sections = Object.fromEntries(
    Object.entries({ ...healthySections, ...change.sections }).map(([name, section]) => {
      const reading = { observedAtMs: nowMs, durationSeconds: 0.01 };
      return [name, 'fault' in section ? { ...reading, ...section } : { ...reading, value: section }];
    }),
  );
  const observation: Observation = {
    member: 'm1',
    cluster: 'test',
    agentVersion: '0.0.0-test',
    observedAtMs: nowMs,
    observedAtMonotonicMs: 1000,
    rounds: 2,
    collectors: {},
    sections,
  };
  return {
    nowMs,
    member: 'm1',
    endpoint: 'https://10.0.0.1:2379',
    metricsUrl: 'https://10.0.0.1:2379/metrics',
    dataDir: '/var/lib/etcd',
    observation,
    urls: ['1', '2', '3'].map((id) => ({
      memberId: id,
      member: `m${id}`,
      url: `https://10.0.0.${id}:2379`,
      seconds: 0.01,
      admits: 'certificates',
    })),
    auth: { enabled: false },
    preflight: [{ role: 'wal', directory: '/var/lib/etcd/member', seconds: [0.001, 0.001, 0.002] }],
    config: { file: 'agent.yaml', keysSet: 4, foundOut: [], keyPrefix: '/etcd-caretaker/', secretFiles: [] },
    ...change.facts,
  };
}
