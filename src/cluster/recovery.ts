import type { Reason } from './caretaking.ts';
import type { KeptGaspView } from './last-gasp-view.ts';
import type { OwnMemberView } from './own-member.ts';

/**
 * The words of a recovery: what the agents tell each other without etcd when the quorum is lost, and what is planned. Plain data.
 * Times are wall clocks of the machines that say them: they bound what may be missing, and decide nothing.
 */

/** The newest revision of the cluster that an agent knew at one time, of whichever member. */
export interface RevisionSighting {
  readonly atMs: number;
  readonly revision: bigint;
  /** Committed raft index of the same moment, where it was seen. */
  readonly raftIndex?: bigint;
}

/** A member as the list had it last. */
export interface ListedMember {
  readonly id: string;
  /** Empty where it was never started. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
}

/** The member list as an agent knew it last, from memory or from its disk. */
export interface LastList {
  readonly clusterId: string;
  /** When a quorum gave it, or first gave it as it is; 0 where none did. */
  readonly atMs: number;
  /** Committed raft index of that moment, where it was seen. */
  readonly raftIndex?: bigint;
  readonly members: readonly ListedMember[];
}

/** What an agent does by itself about a lost quorum. */
export interface UnattendedRecovery {
  readonly mode: 'manual' | 'auto';
  /** How long the quorum must have been lost for `auto`. */
  readonly afterMs: number;
}

/** What one agent has to say when the quorum is lost: the reply of `GET /api/v1/recovery`. */
export interface RecoveryEvidence {
  /** The configured name of its member. */
  readonly member: string;
  /** As the others reach the member; absent where nothing says it. */
  readonly peerUrl?: string;
  readonly etcdVersion?: string;
  /** Whether this agent sees a quorum. */
  readonly quorum: 'holds' | 'lost' | 'unknown';
  /** Since when it has seen none; absent while it sees one, and where it never saw one. */
  readonly quorumLostAtMs?: number;
  /** A random word that each start of an agent gives itself: two that differ under one name are two agents. Absent from older ones. */
  readonly instance?: string;
  /** Absent from older agents. */
  readonly unattended?: UnattendedRecovery;
  readonly own: OwnMemberView;
  readonly list?: LastList;
  readonly gasp?: KeptGaspView;
  /** Oldest first, some minutes of them. */
  readonly sightings: readonly RevisionSighting[];
  readonly promise?: PromiseView;
  /** The recovery that it leads, or led last; `running` while it does. */
  readonly run?: { readonly planId: string; readonly outcome: string };
}

/** The steps of a recovery that an agent is asked to make, in this order. */
export const recoverySteps = ['stop', 'keep', 'seed', 'begin', 'stand-down'] as const;

/**
 * A step of a recovery. `stop`, `keep` (what it has is copied aside): every agent; `seed` (its new data dir is made) and `begin` (its etcd
 * is started with it): the seed alone; `stand-down` (its data go to quarantine, and it wants to join): all others.
 */
export type RecoveryStep = (typeof recoverySteps)[number];

/** How far an agent is with one step. */
export interface StepView {
  readonly state: 'running' | 'done' | 'failed';
  /** What came of it, one sentence. */
  readonly detail?: string;
  /** Its code where it failed. */
  readonly code?: string;
}

/** To which plan an agent has bound itself: it promises no other one until this has ended. */
export interface PromiseView {
  readonly planId: string;
  readonly promisedAtMs: number;
  readonly plan: AgreedPlan;
  readonly steps: Readonly<Partial<Record<RecoveryStep, StepView>>>;
  /** All that this agent had to do is done: it is free to promise another plan. */
  readonly endedAtMs?: number;
}

/** What may be missing after a recovery, at most. */
export interface LossBound {
  /** Revisions that somebody has seen and that are not surely brought back, and what may have been written unseen at the highest rate seen. */
  readonly revisions: bigint;
  /** What was written in so many seconds before the quorum was lost may be missing; absent where nobody can say. */
  readonly seconds?: number;
  /** One sentence for people: where both numbers come from. */
  readonly basis: string;
}

/** What a store can bring back. */
export interface StoreReach {
  readonly url: string;
  /** Its oldest full snapshot: what lies before it cannot be had again. */
  readonly oldestRevision: bigint;
  readonly revision: bigint;
  /** When the newest of it was written there; what was acknowledged in the seconds before may not be in it. */
  readonly atMs: number;
  /** The most revisions a second that its newest segments tell of, and over how long a time; absent where they tell nothing. */
  readonly writeRate?: { readonly perSecond: number; readonly overMs: number };
  /** Whose it is: a name in the store may have been another cluster's before. */
  readonly chain?: StoredChain;
}

/** Whose backups a store has. */
export interface StoredChain {
  readonly timeline: string;
  /** Lower-case hex; absent where what says so is missing or cannot be read. */
  readonly clusterId?: string;
  /** When the timeline was begun, wall clock. */
  readonly begunAtMs?: number;
}

/** The point of a store to which a person has the whole cluster go back. */
export type GoBackPoint =
  | { readonly kind: 'latest' }
  | { readonly kind: 'revision'; readonly revision: bigint }
  /** As of then: what was seen until that time, and nothing later. */
  | { readonly kind: 'time'; readonly atMs: number }
  /** The revision before the last one that deleted this key. */
  | { readonly kind: 'before-delete'; readonly key: string };

/** The revision that such a point comes to. */
export interface FoundPoint {
  readonly revision: bigint;
  /** What is to be said of it, a sentence. */
  readonly note?: string;
}

/** A member of the plan and where the agent beside it answers. */
export interface PlannedMember {
  readonly name: string;
  readonly agentUrl: string;
  readonly peerUrl: string;
  /** Of the agent that was heard, where it told. */
  readonly instance?: string;
}

/** What every agent that was heard has to promise before anything is done. */
export interface AgreedPlan {
  readonly kind: 'seed-from-member' | 'seed-from-store';
  /** Of one seeding: exactly one member is seeded under it, ever. */
  readonly id: string;
  /** When it was made; what it moves to quarantine is named by it. */
  readonly atMs: number;
  /** Name of the member that the cluster begins with again. */
  readonly seed: string;
  /** All agents that were heard, the seed's among them. */
  readonly heard: readonly PlannedMember[];
  /** Members that a person, or nobody, has given up, with where they would answer. */
  readonly lost: readonly { readonly name: string; readonly urls: readonly string[] }[];
  /** Of the cluster that was. */
  readonly clusterId?: string;
  /** Which store brings back what the seed does not have, or all of it. */
  readonly store?: StoreReach;
  /** An exact point to go back to instead of the newest one: a person restores the cluster in place. */
  readonly toRevision?: bigint;
  readonly bound: LossBound;
}

/** What is to be done about a lost quorum. */
export type RecoveryPlan =
  /** Nothing is lost: there is a quorum, or a majority of the disks has all of it. */
  | {
      readonly kind: 'none-needed';
      readonly reasons: readonly [Reason, ...Reason[]];
      /** Members whose process has to be started. */
      readonly start: readonly string[];
    }
  /** The member with the newest log is made the first one of a new cluster, and the store's deltas beyond it are added. */
  | {
      readonly kind: 'seed-from-member';
      readonly reasons: readonly [Reason, ...Reason[]];
      readonly seed: string;
      readonly bound: LossBound;
      readonly store?: StoreReach;
    }
  /** No disk is left: the newest chain of a store is restored. */
  | {
      readonly kind: 'seed-from-store';
      readonly reasons: readonly [Reason, ...Reason[]];
      readonly seed: string;
      readonly bound: LossBound;
      readonly store: StoreReach;
      /** A person goes back to it. */
      readonly toRevision?: bigint;
    }
  /** Nothing may be done yet: the reasons say what is missing. */
  | { readonly kind: 'hold'; readonly reasons: readonly [Reason, ...Reason[]] }
  /** Nothing is left to recover from. */
  | { readonly kind: 'impossible'; readonly reasons: readonly [Reason, ...Reason[]] };
