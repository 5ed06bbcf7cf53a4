import type { Finding } from './reading.ts';

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
