import type {
  AgentRecord,
  ArmedRecord,
  HistoryEntry,
  LeaderRecord,
  OperationVersions,
  PauseRecord,
  Reason,
  RequestRecord,
  Slot,
  UnreadableKey,
} from './caretaking.ts';
import type { OwnMemberView } from './own-member.ts';
import type { PodSetView } from './pod-set.ts';
import type { ActiveAlarm } from './sections.ts';

/** A member as the leader knows it: the member list, its own Status, and what the agent beside it observes. */
export interface MemberState {
  readonly id: string;
  /** As people know it: its name, or its id until it has been started once. */
  readonly name: string;
  readonly clientUrls: readonly string[];
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
  readonly isLeader: boolean;
  readonly reachable: boolean;
  /** It answered, has a leader, and no alarm but NOSPACE. */
  readonly healthy: boolean;
  /** Why it is not reachable, one sentence. */
  readonly fault?: string;
  /** With `fault`: its code. */
  readonly faultCode?: string;
  readonly version?: string;
  /** Entries behind the highest applied raft index that was seen in the same round. */
  readonly lagEntries?: bigint;
  readonly revision?: bigint;
  readonly dbSizeBytes?: number;
  readonly dbSizeInUseBytes?: number;
  /** Infinity where the quota is disabled; absent where nobody said what it is. */
  readonly quotaBytes?: number;
  /** The agent beside it, while it is registered. */
  readonly agent?: AgentRecord;
  /** What that agent observes; absent where it did not answer. */
  readonly observed?: MemberObserved;
  /** What several observers say of it; absent where only this agent has looked. */
  readonly silence?: MemberSilence;
}

/** For how long a member has not answered, and to whom. All by monotonic clocks. */
export interface MemberSilence {
  /** It has not answered this agent for so long; 0 while it does. */
  readonly seconds: number;
  /** Agents beside other members that said within the last minute how they find it, this one among them. */
  readonly observers: number;
  /** How many of these get no answer from it either. */
  readonly silentTo: number;
}

/** An agent whose member is in no member list, and wants to be. */
export interface CandidateState {
  readonly agent: AgentRecord & Required<Pick<AgentRecord, 'candidate'>>;
  /** What that agent observes; absent where it did not answer. */
  readonly observed?: MemberObserved;
}

/** What only the agent beside a member can see of it. */
export interface MemberObserved {
  /** Age of that observation when the state was put together, by the observing agent's own monotonic clock. */
  readonly ageSeconds: number;
  readonly walFsyncP99Seconds?: number;
  readonly backendCommitP99Seconds?: number;
  /** Free bytes of the file system that holds the database. */
  readonly dataAvailableBytes?: number;
  /** Its etcd is defragmenting (`etcd_disk_defrag_inflight`); absent where the version does not say. */
  readonly defragInflight?: boolean;
  readonly compactRevision?: bigint;
  /** The largest round trip to another member by its newest HTTP or TCP probe. */
  readonly worstPeerRttSeconds?: number;
  /**
   * Round trip to the farthest of the nearest peers that make a quorum with it: what a write waits for while it leads.
   * Unlike the largest round trip, it tells a member with a slow link from one whose peer has it.
   */
  readonly quorumRttSeconds?: number;
  /** Flags of its etcd, by name without dashes. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A sentence, where a CA file of its etcd has changed since that started: it reads them only then. */
  readonly staleAuthorities?: string;
  /** Its clock is so far ahead of those of most others, or, negative, behind; absent where too few could be compared. */
  readonly clockOffSeconds?: number;
  /** What it says of the process and the data of its member, and whether it could start one. */
  readonly own?: OwnMemberView;
  /** Set where somebody has paused this very agent by its file. */
  readonly localPause?: string;
}

/** The revision that the cluster had so long ago, as this agent has recorded it by its monotonic clock. */
export interface RevisionSample {
  readonly ageSeconds: number;
  readonly revision: bigint;
}

/** A sign that somebody else takes care of this cluster too. */
export interface ForeignSign extends Reason {
  /** Policies that only plan while it is there. */
  readonly policies: readonly string[];
}

/** Everything that policies decide on: immutable, put together anew every round by the leader. */
export interface ClusterState {
  /** Wall clock, for windows, cool-downs and budgets, and for people. */
  readonly nowMs: number;
  /** Monotonic clock of this process, for everything that only it measures. */
  readonly monotonicMs: number;
  readonly clusterId: string;
  /** The member list came from a quorum. */
  readonly linearizable: boolean;
  readonly members: readonly MemberState[];
  readonly candidates: readonly CandidateState[];
  readonly voters: number;
  readonly learners: number;
  readonly votersReachable: number;
  readonly quorumSize: number;
  readonly raftTerm: bigint;
  /** How long the raft term has been the same, as this agent saw it. */
  readonly termStableSeconds: number;
  /** How long the member list has been the same, as this agent saw it. */
  readonly membersStableSeconds: number;
  readonly leaderId?: string;
  /** The highest revision seen in this round. */
  readonly revision: bigint;
  readonly alarms: readonly ActiveAlarm[];
  /** Alarms could not be asked for. */
  readonly alarmsUnknown: boolean;
  /** Newest first. */
  readonly revisions: readonly RevisionSample[];
  /** The last revision that backups have made durable; absent while there are no backups. */
  readonly durableRevision?: bigint;
  /** For how long writes have not been durable in any store; absent where this agent backs nothing up. */
  readonly unprotectedSeconds?: number;
  /** Why backups do not get on, one sentence; absent where they do, or where the leading agent makes none. */
  readonly backupTrouble?: string;
  /** The StatefulSet of the leading agent's own pod; absent where it is in none, or could not read it in the last minute. */
  readonly podSet?: PodSetView;
  readonly foreign: readonly ForeignSign[];
  /** The Kubernetes API server compacts this store (its `compact_rev_key` moves). */
  readonly kubernetesCompacts: boolean;
  /** Largest prefixes of the keyspace by bytes, where an agent keeps them. */
  readonly largestPrefixes: readonly { readonly prefix: string; readonly bytes: number }[];
  /** Rounds in a row in which the raft leader's disk or link was clearly the worst, by `LeaderSlowness`. */
  readonly leaderWorstRounds?: { readonly fsync: number; readonly rtt: number };
  /** The operations of the agent that put this together; absent: those of the leader's record count. */
  readonly ownOperations?: OperationVersions;

  readonly leader?: LeaderRecord;
  /** Of this agent, when it leads. */
  readonly epoch?: bigint;
  readonly slot?: Slot;
  /** Newest first. */
  readonly history: readonly HistoryEntry[];
  readonly requests: readonly RequestRecord[];
  readonly pause?: PauseRecord;
  readonly armed?: ArmedRecord;
  /** How long every voter has had an agent and health without a break, as this agent saw it. */
  readonly readySeconds: number;
  /** Revision at which a person said `resume`: failures before it no longer count. */
  readonly resumedRevision: bigint;
  readonly unreadable: readonly UnreadableKey[];
}
