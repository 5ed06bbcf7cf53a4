import type {
  AgentPlace,
  AgentRecord,
  ArmedRecord,
  HistoryEntry,
  LeaderRecord,
  PauseRecord,
  ReportRecord,
  RequestRecord,
  Slot,
  UnreadableKey,
} from '../cluster/caretaking.ts';
import type { Fault } from '../cluster/observation.ts';

/** The slot with the revisions by which a transaction recognises it. */
export interface JournaledSlot {
  readonly slot: Slot;
  /** When the operation took it: orders the history. */
  readonly createRevision: bigint;
  /** Of this very content. */
  readonly modRevision: bigint;
}

/** A request with the revision at which it was made: orders the history when it is answered without an operation. */
export interface JournaledRequest extends RequestRecord {
  readonly revision: bigint;
}

/** What is left of one spare epoch: see `lead/spare-epochs.ts`. */
export interface SpareEpoch {
  readonly epoch: bigint;
  /** Member ids for which it was made. */
  readonly members: readonly string[];
  /** `lead.ttl` of whoever made it; absent where it was made by an older version. */
  readonly ttlMs?: number;
  /** Those of them whose key is gone: who claimed it. */
  readonly missing: readonly string[];
  /** Indexes of the steps that nobody has used, ascending. */
  readonly steps: readonly number[];
}

/** Everything that the agents have written in etcd, as of one revision. Immutable. */
export interface JournalSnapshot {
  /** All changes up to this revision are in it. */
  readonly revision: bigint;
  /** False while changes may be missing: then nothing may be decided on it. */
  readonly connected: boolean;
  /** Why it is not connected. */
  readonly fault?: Fault;
  /** By member id. */
  readonly agents: readonly AgentRecord[];
  readonly leader?: LeaderRecord;
  /** When the leader's key was created, also where it cannot be read; 0 where there is none. */
  readonly leaderRevision: bigint;
  /** The stored epoch; 0 where there has been none, absent where it cannot be read. */
  readonly epoch?: bigint;
  /** When the stored epoch was last raised; 0 where there has been none. */
  readonly epochRevision: bigint;
  readonly slot?: JournaledSlot;
  /** Of the slot's content, also where it cannot be read; 0 where there is none. */
  readonly slotRevision: bigint;
  /** Newest first. */
  readonly history: readonly HistoryEntry[];
  /** Oldest first; without those that are under way or answered already. */
  readonly requests: readonly JournaledRequest[];
  /** Ids of requests that have been dealt with and whose key is there all the same: a late answer wrote it again. */
  readonly staleRequests: readonly string[];
  /** What agents have reported of steps that they were asked to make. */
  readonly reports: readonly ReportRecord[];
  readonly pause?: PauseRecord;
  readonly armed?: ArmedRecord;
  /** Where agents were registered last, also of those that are not now. */
  readonly places: readonly AgentPlace[];
  /** Of the last time that a person said `resume`; 0 where nobody has. */
  readonly resumedRevision: bigint;
  /** Indexes of the tokens with which that can be said while nothing can be put. */
  readonly resumeTokens: readonly number[];
  /** When entries of the history arrived while this process watched, by revision and its monotonic clock. */
  readonly arrivedAtMonotonicMs: ReadonlyMap<bigint, number>;
  readonly unreadable: readonly UnreadableKey[];
  /** Ascending. */
  readonly spares: readonly SpareEpoch[];
  /** When this process last saw a spare key go, or began to look, by its monotonic clock. */
  readonly lastSpareChangeAtMonotonicMs: number;
}
