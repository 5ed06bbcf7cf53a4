import type { BackupView } from '../../cluster/backup-view.ts';
import type { CertificateRole, DiskRole, KeyspaceSection, QuotaSection } from '../../cluster/sections.ts';
import type { DecisionsReply, OperationsReply } from '../caretaking-ports.ts';
import type { DiagnosisReply } from '../diagnosis.ts';
import type { Who } from '../http/route.ts';
import type { Status } from '../status.ts';

/**
 * The words of what is shown live: the reply of `GET /api/v1/member` and `/api/v1/history`, and the parts of `GET /api/v1/stream`.
 * In JSON int64 is decimal text and infinity `"+Inf"`, as everywhere in the API (`AsJson`).
 */

/** What the agent beside a member knows of it, in brief. What is not known is absent. */
export interface MemberBrief {
  readonly member: string;
  readonly memberId?: string;
  readonly agentVersion: string;
  /** When its newest round ended, ISO 8601 in UTC. */
  readonly observedAt: string;
  /** Its etcd's process started then. */
  readonly etcdStartedAt?: string;
  readonly latency: {
    readonly walFsyncP99Seconds?: number;
    readonly backendCommitP99Seconds?: number;
    readonly linearizableReadSeconds?: number;
  };
  readonly disks: readonly {
    readonly role: DiskRole;
    readonly device?: string;
    readonly model?: string;
    /** Of the file system. */
    readonly sizeBytes?: number;
    readonly availableBytes?: number;
    /** Share of the last interval in which the device had work. */
    readonly busyRatio?: number;
    readonly writesPerSecond?: number;
  }[];
  readonly quota?: QuotaSection;
  /** The certificate that ends first. */
  readonly certificate?: { readonly role: CertificateRole; readonly subject: string; readonly notAfter: string };
  /** From this member to each other one. */
  readonly peers: readonly {
    readonly member: string;
    readonly memberId: string;
    /** The newest round trip of the cheapest probe that worked. */
    readonly rttSeconds?: number;
    /** Why there is none. */
    readonly fault?: string;
    readonly clockSkewSeconds?: number;
  }[];
  readonly causes: DiagnosisReply['causes'];
}

/** The reply of `GET /api/v1/member`: also its newest sample, so that whoever asks each second needs the history once. */
export interface MemberReply extends MemberBrief {
  readonly sample?: HistorySample;
}

/** What this agent has of the one beside a member. */
export interface MemberSight {
  readonly memberId: string;
  readonly member: string;
  /** This agent's own member. */
  readonly own: boolean;
  /** Where its agent answers, as it has written it itself; absent where none is known. */
  readonly url?: string;
  /** As it was last had, however old. */
  readonly brief?: MemberBrief;
  /** Since when it does not answer, ISO 8601; absent while it does. */
  readonly silentSince?: string;
  readonly fault?: { readonly code: string; readonly message: string; readonly remedy?: string };
}

/** The series of a history that stand for the member itself. */
export const seriesNames = [
  'walFsyncP99Seconds',
  'backendCommitP99Seconds',
  'quotaUsedRatio',
  'dbSizeBytes',
  'writesPerSecond',
  'backupLagSeconds',
] as const;

export type SeriesName = (typeof seriesNames)[number];

/** The last hour of one member, from its agent's own memory: the reply of `GET /api/v1/history`. */
export interface HistoryReply {
  readonly member: string;
  readonly memberId?: string;
  /** No two samples are closer than this. */
  readonly stepSeconds: number;
  /** Wall clock of each sample, seconds since 1970, ascending. */
  readonly times: readonly number[];
  /** Each as long as `times`; null where nothing was known. */
  readonly series: Readonly<Record<SeriesName, readonly (number | null)[]>>;
  /** By name of the peer, each as long as `times`. */
  readonly rttSeconds: Readonly<Record<string, readonly (number | null)[]>>;
}

/** The newest sample of one member: to be put at the end of its history. */
export interface HistorySample {
  readonly member: string;
  readonly time: number;
  readonly series: Readonly<Record<SeriesName, number | null>>;
  readonly rttSeconds: Readonly<Record<string, number | null>>;
}

/** Something that has changed in the cluster, whoever did it. */
export interface ClusterChange {
  readonly at: string;
  readonly kind:
    | 'raft-leader'
    | 'member-added'
    | 'member-removed'
    | 'promoted'
    | 'lost'
    | 'back'
    | 'restarted'
    | 'version'
    | 'agent-version'
    | 'agent-leader'
    | 'alarm'
    | 'alarm-over'
    | 'quorum-lost'
    | 'quorum-back'
    | 'paused'
    | 'resumed';
  readonly member?: string;
  /** `caretaker`: an operation of the agents did it, named in the message; `others`: nothing of theirs was under way. */
  readonly by: 'caretaker' | 'others';
  /** A sentence. */
  readonly message: string;
}

/** Why a part cannot be shown. */
export interface PartFault {
  readonly fault: { readonly code: string; readonly message: string };
}

/**
 * The parts of `GET /api/v1/stream`: each is the event of that name, its data the JSON of the whole part. A new stream starts with all of
 * them; then each comes again when it has changed, and `sample` for every new sample of a member.
 */
export interface StreamParts {
  readonly status: Status;
  /** In the order of the member list. */
  readonly members: readonly MemberSight[];
  /** The leader's, where it can be had. */
  readonly decisions: DecisionsReply | PartFault;
  readonly operations: OperationsReply | PartFault;
  /** As the agent sees them that leads, since it is the one that backs up. */
  readonly backups: BackupView | PartFault;
  /** That of the agent that keeps it. */
  readonly keyspace: KeyspaceSection | PartFault;
  /** Newest first, from this agent's memory: since it started, the last 200. */
  readonly changes: readonly ClusterChange[];
  /** Of every member whose agent has given it. */
  readonly history: readonly HistoryReply[];
  readonly sample: HistorySample;
}

/** What the caller of `GET /api/v1/session` may do: a page asks it before anything else. */
export type SessionReply = Who;

/** One full snapshot in a store. */
export interface BackupFull {
  readonly revision: bigint;
  /** ISO 8601, as all times here. */
  readonly at: string;
  readonly bytes: number;
}

/** Revisions in a store that follow each other without a gap from a full snapshot on. Every time in it can be restored. */
export interface BackupStretch {
  readonly fromRevision: bigint;
  readonly toRevision: bigint;
  readonly from: string;
  readonly to: string;
}

/** What can be restored from one store: the reply of `GET /api/v1/backups/points` has one for each. */
export interface BackupPoints {
  readonly store: string;
  readonly timeline?: string;
  readonly readAt: string;
  /** Oldest first, as `stretches`. */
  readonly fulls: readonly BackupFull[];
  readonly stretches: readonly BackupStretch[];
  readonly fault?: { readonly code: string; readonly message: string };
}

/** The reply of `GET /api/v1/backups/points`. */
export interface BackupPointsReply {
  readonly stores: readonly BackupPoints[];
  /**
   * The command that restores into a new data dir, as `--to-time` stands in it: `{time}` is to be replaced by a time in ISO 8601; one for
   * each store, in their order; empty where the store has nothing yet.
   */
  readonly commands: readonly string[];
}
