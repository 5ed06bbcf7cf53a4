/** What etcd's own page says of its storage, latencies over the interval between two readings: the collector `wal`. */
export interface WalSection {
  /** Seconds between the two samples; absent with the first sample. */
  readonly intervalSeconds?: number;
  /** Absent when there was no fsync in the interval, or there is only one sample. */
  readonly walFsyncP99Seconds?: number;
  /** Absent like the p99, and where the page has no sum. */
  readonly walFsyncMeanSeconds?: number;
  readonly backendCommitP99Seconds?: number;
  readonly walFsyncsInInterval?: number;
  readonly backendCommitsInInterval?: number;
  /** `etcd_disk_defrag_inflight`: it is defragmenting now; absent where the page does not have it. */
  readonly defragInflight?: boolean;
  /** `etcd_debugging_mvcc_compact_revision`, 0 before the first compaction; absent where the page does not have it. */
  readonly compactRevision?: bigint;
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
