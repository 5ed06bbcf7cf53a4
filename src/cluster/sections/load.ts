/** How the calls of one gRPC method ended since etcd's process started. Only unary ones: streams live as long as their client. */
export interface MethodCalls {
  /** `Range`, `Put`, `Txn`, … */
  readonly method: string;
  readonly handled: number;
  /** The client's own deadline had passed. */
  readonly deadlineExceeded: number;
  /** The client had gone away. */
  readonly canceled: number;
}

/** What etcd counts of its clients and its own troubles since its process started: the collector `requests`. */
export interface RequestsSection {
  /** When etcd's process started, in seconds since the epoch: counters of two processes are not compared. */
  readonly processStartSeconds: number;
  /** Methods that were called at least once. */
  readonly methods: readonly MethodCalls[];
  readonly puts: number;
  readonly deletes: number;
  readonly ranges: number;
  readonly clientSentBytes: number;
  readonly clientReceivedBytes: number;
  readonly walWrittenBytes: number;
  readonly cpuSeconds: number;
  readonly watchers: number;
  /** Watchers that could not be sent their events at once. */
  readonly slowWatchers: number;
  readonly pendingEvents: number;
  /** Leases that were granted and not revoked since; those from before a restart of the process are not known. */
  readonly leases: number;
  readonly slowApplies: number;
  readonly slowReadIndexes: number;
  readonly proposalsFailed: number;
  readonly proposalsPending: number;
  readonly heartbeatSendFailures: number;
  readonly leaderChanges: number;
  /** Snapshots that are being sent to other members now. */
  readonly snapshotsInFlight: number;
  /** Clients that are reading a snapshot now, as backups do. */
  readonly snapshotStreams: number;
  /** Events that were sent to watchers. */
  readonly watchEvents: number;
}

/** What a control group allows etcd, and the memory that the machine has: the collector `limits`. */
export interface LimitsSection {
  /** The control group of etcd's process that was read, as the kernel names it; absent where none could be. */
  readonly cgroup?: string;
  readonly cpu?: {
    /** CPUs that the group may use at once; absent where that is not limited. */
    readonly cpus?: number;
    readonly periods: number;
    /** Periods in which it was stopped for having used up its time. */
    readonly throttledPeriods: number;
    readonly throttledSeconds: number;
  };
  readonly memory?: {
    readonly usedBytes: number;
    /** Absent where it is not limited. */
    readonly limitBytes?: number;
    /** Of `usedBytes`, pages of files: what is mapped of the database too. They can be dropped, and are read again where they are needed. */
    readonly fileBytes?: number;
    /** How often the group met its limit since it was made. */
    readonly limitHits?: number;
  };
  /** What the machine can give to new work without swapping (`MemAvailable`). */
  readonly hostAvailableBytes: number;
  readonly hostBytes: number;
  /** Processes that the kernel has killed for want of memory, in any group of the machine, since it booted; absent before Linux 4.13. */
  readonly hostOomKills?: number;
}

/** Another process of the machine, and what it took over the last second. */
export interface Neighbour {
  readonly pid: number;
  readonly command: string;
  /** Its control group, where that is not the root. */
  readonly cgroup?: string;
  /** Bytes that it read and wrote, as far as they reach the block layer; absent without the right to see it. */
  readonly ioBytesPerSecond?: number;
  /** CPUs that it used: 1 is one CPU all of the time. */
  readonly cpus: number;
}

/** All processes of one control group together. */
export interface NeighbourGroup {
  readonly cgroup: string;
  readonly processes: number;
  readonly ioBytesPerSecond: number;
  readonly cpus: number;
}

/** Who else uses the machine, looked at only while it is short of something: the collector `neighbours`. */
export interface NeighboursSection {
  /** Why it looked; absent: nothing is short, and it did not look. */
  readonly because?: 'io' | 'cpu';
  /** What all processes but etcd took: I/O of those that the agent may see. */
  readonly othersIoBytesPerSecond?: number;
  readonly othersCpus?: number;
  /** Etcd's own, over the same second. */
  readonly etcdIoBytesPerSecond?: number;
  readonly etcdCpus?: number;
  /** Those that took most, of I/O or of CPU, as `because` says; etcd is not among them. */
  readonly top: readonly Neighbour[];
  /** The control groups that took most, in the same way; empty where it did not look. */
  readonly groups: readonly NeighbourGroup[];
  /** CPU time of the machine that was used, 0 to 1. */
  readonly busyRatio?: number;
}
