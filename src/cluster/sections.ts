/**
 * The words of an observation: one interface per subject, plain data, no behaviour. A collector in `observe/` fills
 * one; `expose/metrics/` turns it into metrics; `/api/v1/observation` shows it as it is. Ids are etcd's hexadecimal
 * text (`8e9e05c52164694d`), revisions and raft indexes are bigint, durations are seconds, sizes are bytes.
 */

/** A cumulative histogram. `counts[i]` counts the samples <= `edges[i]` (cumulative); `count` counts all of them. */
export interface Histogram {
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
  readonly count: number;
}

/** What a member says of itself in its Status reply. */
export interface MemberStatus {
  readonly memberId: string;
  readonly clusterId: string;
  readonly version: string;
  readonly revision: bigint;
  readonly raftTerm: bigint;
  readonly raftIndex: bigint;
  readonly raftAppliedIndex: bigint;
  /** The raft leader as this member sees it; `0` when it sees none. */
  readonly leaderId: string;
  readonly isLeader: boolean;
  readonly isLearner: boolean;
  readonly dbSizeBytes: number;
  readonly dbSizeInUseBytes: number;
  /** From Status.dbSizeQuota (etcd >= 3.6), absent before. */
  readonly dbSizeQuotaBytes?: number;
  readonly errors: readonly string[];
}

/** How the agent stands with its own member. */
export type MemberState =
  | 'healthy'
  /** It answers Status, but a linearizable read failed: no leader, or no quorum. */
  | 'no-quorum'
  | 'nospace'
  | 'corrupt'
  | 'learner';

/** Own member: the collector `member`. */
export interface MemberSection {
  readonly state: MemberState;
  /** One sentence for a person: "follower, healthy". */
  readonly summary: string;
  readonly status: MemberStatus;
  /** Round trip of a linearizable read, absent when it failed (learners cannot serve one). */
  readonly linearizableReadSeconds?: number;
  /** Things that are wrong but do not stop the observation, for example a reply from another member (load balancer). */
  readonly findings: readonly Finding[];
}

/** Something that a person should know, with what to do. */
export interface Finding {
  readonly code: string;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly message: string;
  readonly remedy: string;
}

/** A member as the member list has it, and what it answered when asked. */
export interface ClusterMember {
  readonly id: string;
  /** Empty until it has been started once. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
  readonly reachable: boolean;
  /** Why it is not reachable. */
  readonly fault?: { readonly code: string; readonly message: string };
  /** Its own Status reply, only when that reply came from this very member id. */
  readonly status?: MemberStatus;
  /** Entries behind the highest raft index that was seen in the same round. */
  readonly raftIndexLagEntries?: bigint;
  readonly revisionLag?: bigint;
  /** It answered, has a leader, and no alarm but NOSPACE. */
  readonly healthy: boolean;
}

/** An alarm that etcd has raised. */
export interface ActiveAlarm {
  readonly memberId: string;
  readonly member: string;
  readonly alarm: 'NOSPACE' | 'CORRUPT';
}

/** All members: the collector `cluster`. */
export interface ClusterSection {
  readonly clusterId: string;
  /** The member list was read linearizably (else from the own member's memory, as in a lost quorum). */
  readonly linearizable: boolean;
  readonly members: readonly ClusterMember[];
  readonly alarms: readonly ActiveAlarm[];
  readonly voters: number;
  readonly learners: number;
  readonly votersReachable: number;
  readonly quorumSize: number;
  readonly raftTerm: bigint;
  /** Id of the raft leader on which the reachable members agree. */
  readonly leaderId?: string;
  readonly findings: readonly Finding[];
}

/** Etcd's own latency histograms over the interval between two readings: the collector `wal`. */
export interface WalSection {
  /** Seconds between the two samples; absent with the first sample. */
  readonly intervalSeconds?: number;
  /** Absent when there was no fsync in the interval, or there is only one sample. */
  readonly walFsyncP99Seconds?: number;
  readonly backendCommitP99Seconds?: number;
  readonly walFsyncsInInterval?: number;
  readonly backendCommitsInInterval?: number;
}

/** Where the quota came from; `default`: it was 0, which etcd takes for 2 GiB; `unknown`: nothing said what it is. */
export type QuotaSource = 'status' | 'metrics' | 'flag' | 'default' | 'disabled' | 'unknown';

/** Quota of the own member: the collector `quota`. */
export interface QuotaSection {
  /** Absent when the quota is disabled or unknown. Etcd reads 0 as its default of 2 GiB, and a negative number as disabled. */
  readonly quotaBytes?: number;
  readonly quotaSource: QuotaSource;
  readonly dbSizeBytes: number;
  readonly dbSizeInUseBytes: number;
  readonly usedRatio?: number;
  /** Share of the file that is free pages: 1 - in use / size. */
  readonly fragmentationRatio: number;
  /** Robust slope of the size in use; absent until there are enough samples. */
  readonly growthBytesPerSecond?: number;
  /** Infinity when not growing or the quota is disabled; absent until there are enough samples. */
  readonly fullInSeconds?: number;
}

/** What a device holds. One device may hold both. */
export type DiskRole = 'wal' | 'data';

/** Counters of one block device since boot, in base units. */
export interface DeviceCounters {
  readonly readsCompleted: number;
  readonly writesCompleted: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly readTimeSeconds: number;
  readonly writeTimeSeconds: number;
  /** Kernels before 5.5 have no flush counters. */
  readonly flushesCompleted?: number;
  readonly flushTimeSeconds?: number;
  readonly ioTimeSeconds: number;
  readonly ioNow: number;
}

/** The device under a directory, or a sentence that says why there is none to be named. */
export interface RoleDevice {
  readonly role: DiskRole;
  readonly path: string;
  readonly filesystemType?: string;
  readonly mountPoint?: string;
  /** Kernel name, for example `nvme0n1p2` or `dm-0`. */
  readonly device?: string;
  /** The whole disks under it: `['nvme0n1']`. */
  readonly disks?: readonly string[];
  readonly model?: string;
  readonly rotational?: boolean;
  readonly counters?: DeviceCounters;
  /** Why the device, or something of it, is not known (tmpfs, overlay, missing directory, …). */
  readonly unresolved?: string;
}

/** The collector `disk`. */
export interface DiskSection {
  readonly devices: readonly RoleDevice[];
}

/** One file system: the collector `filesystem`. */
export interface FilesystemSection {
  readonly filesystems: readonly {
    readonly role: DiskRole;
    readonly path: string;
    readonly sizeBytes: number;
    readonly availableBytes: number;
    readonly files: number;
    readonly filesFree: number;
    readonly readOnly: boolean;
  }[];
  /** Directories whose file system could not be asked, and why. */
  readonly unresolved?: readonly { readonly role: DiskRole; readonly path: string; readonly reason: string }[];
}

/** Total stall time of one resource: the collector `pressure` (PSI). */
export interface PressureSection {
  readonly stalls: readonly {
    readonly scope: 'system' | 'etcd';
    readonly resource: 'cpu' | 'io' | 'memory';
    readonly kind: 'some' | 'full';
    readonly stalledSeconds: number;
    readonly avg10Ratio: number;
  }[];
  /** Why there are no stalls of scope `etcd`. */
  readonly etcdUnresolved?: string;
}

/** Etcd's process: the collector `process`. */
export interface ProcessSection {
  readonly pid: number;
  /** How it was found. */
  readonly foundBy: 'data-dir' | 'listening-socket';
  readonly startedAtMs: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  /** Absent without the right to read /proc/PID/fd. */
  readonly openFds?: number;
  readonly maxFds?: number;
  /** What reached the block layer, from /proc/PID/io; absent without the right to read it. */
  readonly readBytes?: number;
  readonly writtenBytes?: number;
  /** Flags, `ETCD_*` and configuration file settings that matter to the agent, by the flag's name, never secrets. */
  readonly settings: Readonly<Record<string, string>>;
  /** What could not be read, one sentence each. */
  readonly unread?: readonly string[];
}

/** The fdatasync probe beside the WAL and the data dir: the collector `fsync-probe`. */
export interface FsyncProbeSection {
  readonly probes: readonly {
    readonly role: DiskRole;
    readonly directory: string;
    readonly latency: Histogram;
    readonly failures: number;
    /** Set while the probe does not run: off, too little free space, or a write that has hung for so many seconds. */
    readonly idle?: string;
    /** Why the newest write failed (ENOSPC, EIO, EROFS, …); absent when it did not. */
    readonly fault?: { readonly code: string; readonly message: string };
    /** Seconds for which the write under way has been waiting for the disk. */
    readonly pendingSeconds?: number;
  }[];
}

export type PeerProbe = 'tcp' | 'tls' | 'http';

/** Round trips to one peer URL. */
export interface PeerReading {
  readonly peer: string;
  readonly peerId: string;
  readonly url: string;
  readonly probes: readonly {
    readonly probe: PeerProbe;
    readonly latency: Histogram;
    readonly failures: number;
    /** The newest round trip; absent when it failed. */
    readonly lastSeconds?: number;
    readonly fault?: { readonly code: string; readonly message: string };
    /** The agent lacks what the probe takes (a certificate): neither a success nor a failure of the peer. */
    readonly impossible?: true;
  }[];
  /** Peer's clock minus ours, corrected by half the round trip; positive: the peer is ahead. */
  readonly clockSkewSeconds?: number;
  /** Half the round trip: the skew is known to this precision. */
  readonly clockSkewErrorSeconds?: number;
}

/** The collector `peers`. */
export interface PeersSection {
  readonly peers: readonly PeerReading[];
  /** What keeps the agent from measuring a peer, and clocks that are apart: said once, not counted as failures. */
  readonly findings: readonly Finding[];
}

export type CertificateRole =
  | 'client'
  | 'client-ca'
  | 'server'
  | 'server-ca'
  | 'peer'
  | 'peer-ca'
  | 'served-client'
  | 'served-peer'
  | 'agent'
  | 'agent-ca';

/** One certificate in a file, or as an endpoint served it. */
export interface CertificateReading {
  readonly role: CertificateRole;
  /** File path, or `host:port` for what an endpoint served. */
  readonly source: string;
  readonly subject: string;
  readonly issuer: string;
  readonly serial: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly sans: readonly string[];
}

/** The collector `certificates`. */
export interface CertificatesSection {
  readonly certificates: readonly CertificateReading[];
  readonly findings: readonly Finding[];
}

/** Totals of one prefix. */
export interface PrefixTotals {
  readonly prefix: string;
  readonly keys: number;
  /** Key and value bytes of the newest versions. */
  readonly bytes: number;
  /** Puts and deletes seen by the watch since the agent started. */
  readonly writes: number;
  readonly writesPerSecond: number;
}

/** The largest prefixes of one depth. */
export interface KeyspaceLevel {
  /** Number of path elements. */
  readonly depth: number;
  readonly prefixes: readonly PrefixTotals[];
}

/** The collector `keyspace`. */
export interface KeyspaceSection {
  /** `waiting`: this agent keeps no totals; `scanning`: it has not read all keys yet; `current`: the totals are exact. */
  readonly phase: 'waiting' | 'scanning' | 'current';
  /** Why it waits, or why the scan pauses. */
  readonly waitingFor?: string;
  /** The member whose agent keeps the totals, where it is another one. */
  readonly heldBy?: { readonly memberId: string; readonly member: string };
  readonly scannedKeys: number;
  /** The revision at which the totals are exact. */
  readonly revision?: bigint;
  readonly depth: number;
  /** Absent until the totals are exact; so is `totalBytes`. */
  readonly totalKeys?: number;
  readonly totalBytes?: number;
  /** The top K by bytes at `depth`, and last `other` where something was left out. Empty until the totals are exact. */
  readonly prefixes: readonly PrefixTotals[];
  /** The same for every depth that is kept; while scanning, what has been counted so far. */
  readonly levels: readonly KeyspaceLevel[];
}

/** The machine: the collector `host`, read once. */
export interface HostSection {
  readonly hostname: string;
  readonly kernel: string;
  readonly distribution: string;
  readonly architecture: string;
  readonly cpus: number;
  readonly cpuModel: string;
  readonly memoryBytes: number;
  readonly virtualization: string;
}

/** Every section by the name of its collector. */
export interface Sections {
  readonly member: MemberSection;
  readonly cluster: ClusterSection;
  readonly wal: WalSection;
  readonly quota: QuotaSection;
  readonly disk: DiskSection;
  readonly filesystem: FilesystemSection;
  readonly pressure: PressureSection;
  readonly process: ProcessSection;
  readonly 'fsync-probe': FsyncProbeSection;
  readonly peers: PeersSection;
  readonly certificates: CertificatesSection;
  readonly keyspace: KeyspaceSection;
  readonly host: HostSection;
}
