/**
 * What etcd answers, in the agent's words: int64 as bigint, ids as etcd's hexadecimal text, sizes as numbers of bytes.
 * Nothing outside `etcd/` sees a type of a client library.
 */

/** The header of every reply. */
export interface ReplyHeader {
  readonly clusterId: string;
  readonly memberId: string;
  readonly revision: bigint;
  readonly raftTerm: bigint;
}

export interface StatusReply {
  readonly header: ReplyHeader;
  readonly version: string;
  readonly dbSizeBytes: number;
  readonly dbSizeInUseBytes: number;
  /** Etcd >= 3.6. */
  readonly dbSizeQuotaBytes?: number;
  /** Etcd >= 3.6. */
  readonly storageVersion?: string;
  /** `0` when the member sees no leader. */
  readonly leaderId: string;
  readonly raftIndex: bigint;
  readonly raftTerm: bigint;
  readonly raftAppliedIndex: bigint;
  readonly errors: readonly string[];
  readonly isLearner: boolean;
}

export interface ListedMember {
  readonly id: string;
  /** Empty until the member has been started once. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

export interface MemberList {
  readonly header: ReplyHeader;
  readonly members: readonly ListedMember[];
  /** False when it came from the member's memory because no quorum answered. */
  readonly linearizable: boolean;
}

export type AlarmKind = 'NOSPACE' | 'CORRUPT';

export interface AlarmEntry {
  readonly memberId: string;
  readonly alarm: AlarmKind;
}

export interface KeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
  readonly version: bigint;
  readonly lease: bigint;
}

/** One page of a range. */
export interface RangePage {
  readonly header: ReplyHeader;
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
  readonly count: number;
}

export interface WatchEvent {
  readonly type: 'put' | 'delete';
  readonly kv: KeyValue;
  /** Only where the watch asked for it and it is not compacted. */
  readonly previous?: KeyValue;
}

/** A sample of a metrics page. */
export interface MetricSample {
  /** Full name with suffix: `etcd_disk_wal_fsync_duration_seconds_bucket`. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A parsed metrics page: only the families that were asked for. */
export interface MetricsPage {
  /** Wall clock at which the page was read, in ms since the epoch. */
  readonly readAtMs: number;
  /** Monotonic clock at which the page was read, in ms. */
  readonly readAtMonotonicMs: number;
  /** Samples by their full name. */
  readonly samples: ReadonlyMap<string, readonly MetricSample[]>;
}
