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
  /** For how long this agent has seen it not to be, by its monotonic clock; absent while it is. */
  readonly silentSeconds?: number;
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
  /** The member list was read linearizably (else it is from the memory of a member, as in a lost quorum, or of the agent). */
  readonly linearizable: boolean;
  /** Seconds since a member last gave the list; absent where one did in this round. Only the list is older, not the rest. */
  readonly listAgeSeconds?: number;
  readonly members: readonly ClusterMember[];
  /** Empty also where nobody could be asked: then there is the finding `ALARMS_UNKNOWN`. */
  readonly alarms: readonly ActiveAlarm[];
  readonly voters: number;
  readonly learners: number;
  readonly votersReachable: number;
  readonly quorumSize: number;
  /** Absent where no member said its status. */
  readonly raftTerm?: bigint;
  /** Id of the raft leader on which the reachable members agree. */
  readonly leaderId?: string;
  readonly findings: readonly Finding[];
}
