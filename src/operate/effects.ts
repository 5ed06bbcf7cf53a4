import type { MemberStatus } from '../cluster/sections.ts';

/** Hash of the keyspace up to a revision; comparable only where both revisions are equal. */
export interface KeyspaceHash {
  readonly hash: number;
  readonly compactRevision: bigint;
}

/** The right to change the cluster now, as a step that has been written down gives it. */
export interface Permit {
  /** Ends with the term and with the agent. */
  readonly signal: AbortSignal;
  /** Throws `TERM_LOST` where the term is over by now: asked again right before a call goes out, however long it was prepared. */
  check(): void;
}

/**
 * Everything that an operation does to a cluster, one method a call, each made at most once. There is nothing else through
 * which the agents change etcd, but for their own journal. Ids are hexadecimal.
 */
export interface Effects {
  /** Deletes history before `revision` for good; back when it is gone from the disk. */
  compact(revision: bigint, permit: Permit): Promise<void>;
  /** Rewrites one member's database; blocks it meanwhile, and goes on whoever gives up. */
  defragment(memberId: string, permit: Permit): Promise<void>;
  moveLeader(fromId: string, toId: string, permit: Permit): Promise<void>;
  /** Takes back exactly this alarm of exactly this member. */
  disarmNospace(memberId: string, permit: Permit): Promise<void>;
  /** Blocks writes through the member while it runs. */
  hashKeyspace(memberId: string, revision: bigint, permit: Permit): Promise<KeyspaceHash>;
  /** Takes back exactly the CORRUPT alarm of exactly this member, which need not be listed any more. */
  disarmCorrupt(memberId: string, permit: Permit): Promise<void>;
  /** Removes a member for good: its process ends by itself once it hears of it, and its id never comes back. */
  removeMember(memberId: string, permit: Permit): Promise<void>;
  /** Lists a new member that has not started, without a vote. Gives its id. */
  addLearner(peerUrls: readonly string[], permit: Permit): Promise<string>;
  /** Gives a learner its vote; etcd refuses it while the learner lags. */
  promoteLearner(memberId: string, permit: Permit): Promise<void>;
  /** Has the list say that a member is reached elsewhere. */
  updatePeerUrls(memberId: string, peerUrls: readonly string[], permit: Permit): Promise<void>;
  /** Writes the agents' own test key. */
  canaryWrite(permit: Permit): Promise<void>;
}

/** What an operation looks at between its steps, each through the very member. */
export interface Reads {
  status(memberId: string, signal: AbortSignal): Promise<MemberStatus>;
  /** Comes back when a quorum has answered through this member. */
  linearizableRead(memberId: string, signal: AbortSignal): Promise<void>;
  /** A read from its own memory: while it defragments there is no answer. */
  localRead(memberId: string, signal: AbortSignal): Promise<void>;
  /** As it says on its metrics page; undefined where this version does not say. */
  defragInflight(memberId: string, signal: AbortSignal): Promise<boolean | undefined>;
  /** Whether the history before a revision is gone, as the own member has it. */
  compactedBefore(revision: bigint, signal: AbortSignal): Promise<boolean>;
  /** Whether something accepts connections at a peer URL, from this machine. */
  listensAt(peerUrl: string, signal: AbortSignal): Promise<boolean>;
}
