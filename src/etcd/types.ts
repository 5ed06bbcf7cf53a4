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

/** One page of a range of which only the sizes matter. */
export interface KeySizesPage {
  readonly header: ReplyHeader;
  readonly more: boolean;
  /** Keys in the whole range. */
  readonly count: number;
  /** Calls back for every key of the page, in order; the key is a view that must be copied to outlive the call. */
  forEach(visit: (key: Buffer, valueBytes: number) => void): void;
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

/** PEM files for TLS. All of them are read again when they change. */
export interface TlsFiles {
  /** CA bundle that the server's certificate must chain to; absent: the system's roots. */
  readonly ca?: string;
  /** Client certificate chain, with `key`. */
  readonly cert?: string;
  readonly key?: string;
  /** The name to expect in the server's certificate instead of the endpoint's host. */
  readonly serverName?: string;
}

/** Password authentication. The file is read again when it changes; trailing line ends are not part of the password. */
export interface PasswordAuth {
  readonly username: string;
  readonly passwordFile: string;
}

/** How to reach exactly one member. */
export interface MemberClientOptions {
  /** The member's name, for errors. */
  readonly member: string;
  /** One client URL: `http://127.0.0.1:2379`, `https://[::1]:2379` or `unix:///run/etcd.sock`. */
  readonly endpoint: string;
  readonly tls?: TlsFiles;
  readonly auth?: PasswordAuth;
  /** How long a connection may take; default 2 s. */
  readonly dialTimeoutMs?: number;
  /** Deadline of one call, unless the signal ends it earlier; default 5 s. Streams have none. */
  readonly callTimeoutMs?: number;
  /** A ping after so long without traffic, only while calls are under way; etcd refuses less than 5 s; default 10 s. */
  readonly keepaliveTimeMs?: number;
  /** The connection is dead when a ping is unanswered for so long; default 5 s. */
  readonly keepaliveTimeoutMs?: number;
  /** The largest message that is accepted or sent; default 64 MiB. */
  readonly maxMessageBytes?: number;
  /** How often a read that failed for a passing reason is repeated; default 0. Calls that change anything never are. */
  readonly readRetries?: number;
  /**
   * A token from another member, made anew: a learner lets nobody log in, and from etcd 3.5 on asks for one all the same. Every member takes the
   * tokens of all.
   */
  readonly tokenElsewhere?: (signal: AbortSignal) => Promise<string | undefined>;
}

/** A page of a range, or with `limit` 0 all of it. */
export interface RangeRequest {
  readonly key: Buffer;
  /** Exclusive; absent: only `key`. One zero byte: everything from `key` on. */
  readonly rangeEnd?: Buffer;
  /** At most so many keys; 0 or absent: no limit. */
  readonly limit?: number;
  /** Read at this revision; absent: the newest. */
  readonly revision?: bigint;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
  /** Answered from the member's own memory, without a quorum. */
  readonly serializable?: boolean;
}

/** A linearizable read: that it came back means that a quorum answered. */
export interface LinearizableRead {
  readonly seconds: number;
}

export interface WatchRequest {
  readonly key: Buffer;
  /** As in `RangeRequest`. */
  readonly rangeEnd?: Buffer;
  /** The first revision to deliver; absent: from now on. */
  readonly startRevision?: bigint;
  /** Deliver the value before each event, where it is not compacted. */
  readonly previous?: boolean;
  /** Ask for a progress batch about every ten minutes when nothing happens; default true. */
  readonly progress?: boolean;
}

/** What arrived at once on a watch. */
export interface WatchBatch {
  readonly header: ReplyHeader;
  /** `created` is the first; `progress` says that all events up to `header.revision` have been delivered. */
  readonly kind: 'created' | 'events' | 'progress';
  /** More pieces of the same revision follow: a watch that starts again starts at this revision, not after it. */
  readonly fragment: boolean;
  readonly events: readonly WatchEvent[];
}

/** Whether the server asks for authentication. `enabled` is all that etcd 3.4 can be made to say. */
export interface AuthStatus {
  readonly enabled: boolean;
  /** Etcd >= 3.5. */
  readonly authRevision?: bigint;
}

/** One piece of a snapshot stream. */
export interface SnapshotChunk {
  readonly blob: Buffer;
  /** Bytes still to come after this one. */
  readonly remainingBytes: bigint;
  /** Etcd >= 3.6. */
  readonly storageVersion?: string;
}
