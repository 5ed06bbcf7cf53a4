import type { Histogram, PeerReading, Sections } from '../../../src/cluster/sections.ts';
import type { Happening } from './looks.ts';

const GiB = 2 ** 30;

/** What each collector reads of a member that is well, but for what happens; `add` counts on by so much a second. */
export function healthySections(
  happening: Happening,
  add: (name: string, perSecond: number) => number,
): { -readonly [K in keyof Sections]?: Sections[K] } {
  const { rttSeconds = {}, calls = {} } = happening;
  const status: Sections['member']['status'] = {
    memberId: '1',
    clusterId: 'c',
    version: '3.5.30',
    revision: 5000n,
    raftTerm: 3n,
    raftIndex: 6000n,
    raftAppliedIndex: 6000n,
    leaderId: '1',
    isLeader: true,
    isLearner: false,
    dbSizeBytes: 50e6,
    dbSizeInUseBytes: 40e6,
    errors: [],
  };
  const member = (id: string): Sections['cluster']['members'][number] => ({
    id,
    name: `m${id}`,
    peerUrls: [`http://m${id}:2380`],
    clientUrls: [`http://m${id}:2379`],
    isLearner: false,
    reachable: true,
    healthy: true,
  });
  const probes = add('probes', 1);
  const puts = add('puts', happening.putsPerSecond ?? 50);
  const handled = add('handled', calls.handled ?? 100);
  return {
    member: {
      state: 'healthy',
      summary: 'leader, healthy',
      status,
      linearizableReadSeconds: happening.readSeconds ?? 0.004,
      findings: [],
    },
    cluster: {
      clusterId: 'c',
      linearizable: true,
      members: [member('1'), member('2'), member('3')],
      alarms: [],
      voters: 3,
      learners: 0,
      votersReachable: 3,
      quorumSize: 2,
      raftTerm: 3n,
      leaderId: '1',
      findings: [],
    },
    wal: {
      intervalSeconds: 10,
      walFsyncP99Seconds: happening.fsyncSeconds ?? 0.004,
      walFsyncMeanSeconds: happening.fsyncMeanSeconds ?? (happening.fsyncSeconds ?? 0.004) / 2,
      walFsyncsInInterval: happening.fsyncsPerInterval ?? 500,
      defragInflight: false,
      compactRevision: 4000n,
    },
    quota: {
      quotaBytes: 2 * GiB,
      quotaSource: 'metrics',
      dbSizeBytes: 50e6,
      dbSizeInUseBytes: 40e6,
      usedRatio: 0.023,
      fragmentationRatio: 0.2,
      fullInSeconds: Number.POSITIVE_INFINITY,
    },
    disk: {
      devices: [
        {
          role: 'wal',
          path: '/data/member/wal',
          device: 'vda',
          counters: {
            readsCompleted: 0,
            writesCompleted: add('writes', 100),
            readBytes: 0,
            writtenBytes: add('written', happening.deviceBytesPerSecond ?? 1e6),
            readTimeSeconds: 0,
            writeTimeSeconds: 0,
            flushesCompleted: add('flushes', 50),
            flushTimeSeconds: add('flush time', 0.1),
            ioTimeSeconds: add('busy', happening.deviceBusyShare ?? 0.05),
            ioNow: 0,
          },
        },
      ],
    },
    filesystem: {
      filesystems: [
        {
          role: 'data',
          path: '/data',
          sizeBytes: 100 * GiB,
          availableBytes: 80 * GiB,
          files: 1e6,
          filesFree: 9e5,
          readOnly: false,
        },
      ],
    },
    pressure: {
      stalls: [
        {
          scope: 'system',
          resource: 'cpu',
          kind: 'some',
          stalledSeconds: add('cpu stall', happening.cpuStallShare ?? 0.1),
          avg10Ratio: 0.1,
        },
        {
          scope: 'system',
          resource: 'memory',
          kind: 'some',
          stalledSeconds: add('memory stall', happening.memoryStallShare ?? 0),
          avg10Ratio: 0,
        },
      ],
    },
    process: {
      pid: 77,
      foundBy: 'data-dir',
      startedAtMs: 0,
      cpuSeconds: add('etcd cpu', happening.etcdCpus ?? 0.1),
      cpuWaitSeconds: add('wait', happening.cpuWaitPerSecond ?? 0.01),
      cpuTurns: add('turns', 1000),
      majorFaults: add('faults', happening.majorFaultsPerSecond ?? 0),
      residentBytes: 100e6,
      readBytes: 0,
      writtenBytes: add('etcd io', happening.etcdBytesPerSecond ?? 2e5),
      settings: {},
    },
    'fsync-probe': {
      probes: [
        {
          role: 'wal',
          directory: '/data/member/wal',
          latency: {
            // Since the agent started hardly any was slow.
            edges: [0.02],
            counts: [probes],
            sum: add('probe', happening.probeSeconds ?? 0.002),
            count: probes,
          },
          failures: 0,
          ...(happening.pendingSeconds === undefined ? {} : { pendingSeconds: happening.pendingSeconds }),
        },
      ],
    },
    peers: { peers: [peer('2', rttSeconds.m2 ?? 0.0004, add), peer('3', rttSeconds.m3 ?? 0.0004, add)], findings: [] },
    certificates: { certificates: [], findings: [] },
    keyspace: {
      phase: 'current',
      scannedKeys: 100,
      depth: 2,
      totalKeys: 100,
      totalBytes: 30e6,
      prefixes: [],
      levels: [],
    },
    host: {
      hostname: 'node-1',
      kernel: '6.1',
      distribution: 'Debian',
      architecture: 'x64',
      cpus: 4,
      cpuModel: 'a CPU',
      memoryBytes: 8 * GiB,
      virtualization: 'kvm',
    },
    requests: {
      processStartSeconds: 1,
      methods: [
        {
          method: 'Range',
          handled,
          deadlineExceeded: add('deadline', calls.deadlineExceeded ?? 0),
          canceled: add('canceled', calls.canceled ?? 0),
        },
      ],
      puts,
      deletes: 0,
      ranges: handled,
      clientSentBytes: add('sent', happening.sentBytesPerSecond ?? 1e5),
      clientReceivedBytes: add('received', 1e5),
      walWrittenBytes: add('wal', happening.walBytesPerSecond ?? 1e5),
      cpuSeconds: add('page cpu', happening.etcdCpus ?? 0.1),
      watchers: 40,
      slowWatchers: 0,
      pendingEvents: 0,
      leases: 10,
      slowApplies: 0,
      slowReadIndexes: 0,
      proposalsFailed: 0,
      proposalsPending: 0,
      heartbeatSendFailures: 0,
      leaderChanges: 1,
      snapshotsInFlight: 0,
      snapshotStreams: 0,
      watchEvents: add('events', happening.watchEventsPerSecond ?? 0),
    },
    limits: {
      cgroup: '/system.slice/etcd.service',
      cpu: {
        cpus: 4,
        periods: add('periods', 10),
        throttledPeriods: add('throttled', 10 * (happening.throttledShare ?? 0)),
        throttledSeconds: add('throttled time', 0),
      },
      memory: {
        usedBytes: 300e6,
        limitBytes: 1e9,
        fileBytes: 150e6,
        limitHits: add('limit hits', happening.limitHitsPerSecond ?? 0),
      },
      hostAvailableBytes: 6 * GiB,
      hostBytes: 8 * GiB,
      hostOomKills: 2,
    },
    neighbours: { top: [], groups: [] },
  };
}

/** Probed once a second: all samples of an interval took as long. */
function peer(id: string, seconds: number, add: (name: string, perSecond: number) => number): PeerReading {
  const count = add(`probes of ${id}`, 1);
  const fast = add(`fast probes of ${id}`, seconds < 0.05 ? 1 : 0);
  const latency: Histogram = { edges: [0.05, 1], counts: [fast, count], sum: add(`rtt to ${id}`, seconds), count };
  return {
    peer: `m${id}`,
    peerId: id,
    url: `http://m${id}:2380`,
    probes: [
      { probe: 'tcp', latency, failures: 0, lastSeconds: seconds },
      { probe: 'http', latency, failures: 0, lastSeconds: seconds },
    ],
    clockSkewSeconds: 0.001,
    clockSkewErrorSeconds: 0.001,
  };
}
