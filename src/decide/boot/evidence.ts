import type { DataDirState, OwnMemberView, ProcessEnd, ProcessState } from '../../cluster/own-member.ts';

/** A member list as one of the members gave it. */
export interface SeenList {
  readonly clusterId: string;
  readonly members: readonly SeenMember[];
  /** It came from a quorum. */
  readonly linearizable: boolean;
}

/** One member of it. */
export interface SeenMember {
  readonly id: string;
  /** Empty until it has been started once. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  /** Empty until it has been started once, also of a member that its cluster was begun with, which has its name from then on. */
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

/**
 * What the agent of a configured peer says of its member. `bootstrapping`: it has found everything empty just now, this one too, and begins;
 * no quorum has answered it yet.
 */
export type PeerAnswer =
  | 'empty-never-bootstrapped'
  | 'bootstrapping'
  | 'has-data'
  | 'bootstrapped-before'
  | 'unreachable';

/** A configured peer, and what is known of it. */
export interface AskedPeer {
  readonly name: string;
  readonly peerUrl: string;
  /** Of the own one too. */
  readonly answer: PeerAnswer;
}

/** Everything that is known when it is decided what becomes of a member's process. */
export interface BootEvidence {
  /** As configured. */
  readonly own: { readonly name: string; readonly peerUrl: string };
  readonly dataDir: DataDirState;
  /** Which member of which cluster it was last, as far as that is remembered beside the data dir. */
  readonly identity?: NonNullable<OwnMemberView['identity']>;
  /** A person had it leave. */
  readonly left: boolean;
  /** What the members say; `unreachable`: none of them answers. */
  readonly list: SeenList | 'unreachable' | 'not-asked';
  /** Who removed the member that the data or the memory are of, where the list does not have it; absent where nobody knows. */
  readonly removedBy?: 'journal' | 'person';
  /** All that are configured, the own one among them; empty where none are. */
  readonly peers: readonly AskedPeer[];
  /** Whether the store has a backup of this cluster. */
  readonly store: 'no-chain' | 'has-chain' | 'unreachable' | 'not-asked' | 'none-configured';
  readonly process: ProcessState;
  /** At how many ends in a row etcd has called its data damaged; absent: nobody counted. */
  readonly damagedEnds?: number;
  /** How etcd ended the last time, while it had these data. */
  readonly lastEnd?: ProcessEnd;
}
