import type {
  AgentRecord,
  ArmedRecord,
  Decision,
  HistoryEntry,
  LeaderRecord,
  OperationName,
  Outcome,
  PauseRecord,
  RequestRecord,
  Slot,
} from './caretaking.ts';
import type { CauseName } from './diagnosis.ts';
import type { Fault } from './observation.ts';
import type { Histogram } from './sections.ts';

/** How often a policy has decided something for a reason, since the agent started. */
export interface DecisionCount {
  readonly policy: OperationName;
  readonly decision: Decision['decision'];
  /** Code of the first reason. */
  readonly reason: string;
  readonly count: number;
}

/** How often an operation of this agent has ended so, since it started. */
export interface OperationCount {
  readonly operation: string;
  readonly outcome: Outcome;
  readonly count: number;
}

/** How telling others of it has gone, since the agent started. */
export interface NotifyCount {
  readonly receiver: 'alertmanager' | 'webhook';
  /** Attempts that failed; most are made good by the next one. */
  readonly failures: number;
  /** Events that never arrived. */
  readonly dropped: number;
}

/**
 * The one right answer to what a member suffers from: `restart` is what its own agent does, `move-leader` and `free-space` are for others to do;
 * `page`: nothing is done, a person has to look.
 */
export type Remedy = 'wait' | 'restart' | 'move-leader' | 'free-space' | 'replace' | 'page';

/** What the leading agent has found of a member that is not well, and what is being done about it. */
export interface JudgedMember {
  readonly member: string;
  readonly verdict: CauseName;
  readonly remedy: Remedy;
  readonly message: string;
}

/** What one agent has to say of acting, at one time. Immutable; a part of its observation. */
export interface CaretakingView {
  /** This agent leads, by its own clock. */
  readonly leads: boolean;
  /** Of the term that it holds, or of the leader that it sees. */
  readonly epoch?: bigint;
  readonly leader?: LeaderRecord;
  /** It stands in the journal, under its lease. */
  readonly registered: boolean;
  /** What is below is current; else it is as last seen. */
  readonly journalConnected: boolean;
  /** Why it is not registered, cannot lead, or does not see the journal. */
  readonly faults: readonly Fault[];
  readonly agents: readonly AgentRecord[];
  readonly slot?: Slot;
  /** Newest first. */
  readonly history: readonly HistoryEntry[];
  readonly requests: readonly RequestRecord[];
  readonly pause?: PauseRecord;
  /** Why this agent is paused by the file beside it. */
  readonly localPause?: string;
  readonly armed?: ArmedRecord;
  /** For how long every voter has had an agent and health; only while it leads. */
  readonly readySeconds?: number;
  /** The newest of each policy, and first that of a request; only while it leads. */
  readonly decisions: readonly Decision[];
  /** When these were made, wall clock. */
  readonly decidedAtMs?: number;
  /** Members that are not well, as healing judged them with these decisions. */
  readonly judged: readonly JudgedMember[];
  readonly decisionCounts: readonly DecisionCount[];
  readonly operationCounts: readonly OperationCount[];
  /** Seconds of ended operations, by operation. */
  readonly operationDurations: readonly { readonly operation: string; readonly seconds: Histogram }[];
  /** The newest hash check in the history. */
  readonly hashCheck?: { readonly atMs: number; readonly mismatch: boolean };
  /** The newest drill that came to its end well, in the history. */
  readonly drill?: { readonly atMs: number; readonly restoreSeconds: number };
  /** Drills that this agent has brought to an end and that failed, by code, since it started. */
  readonly drillFailures: readonly { readonly reason: string; readonly count: number }[];
  /** Of each kind of receiver that is configured. */
  readonly notifyCounts?: readonly NotifyCount[];
}
