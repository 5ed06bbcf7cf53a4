import type { MemberStatus } from './member.ts';
import type { Finding } from './reading.ts';

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
  /** Empty also where nobody could be asked: then there is the finding `ALARMS_UNKNOWN`. */
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
