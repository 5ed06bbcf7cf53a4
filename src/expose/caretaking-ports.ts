import type {
  ArmedRecord,
  Decision,
  HistoryEntry,
  LeaderRecord,
  PauseRecord,
  RequestRecord,
  Slot,
} from '../cluster/caretaking.ts';

/** Who leads, and what it decided last. */
export interface DecisionsReply {
  /** Absent while nobody leads. */
  readonly leader?: LeaderRecord;
  readonly armed?: ArmedRecord;
  /** While they are not armed: what is waited for, a sentence. */
  readonly arming?: string;
  readonly pause?: PauseRecord;
  /** The operation under way. */
  readonly slot?: Slot;
  /** Policies that stopped after too many failures, until somebody says `resume`. */
  readonly breakers?: readonly { readonly policy: string; readonly failures: number }[];
  readonly decidedAtMs?: number;
  readonly decisions: readonly Decision[];
}

/** The operation under way, what is waiting, and what was. */
export interface OperationsReply {
  readonly slot?: Slot;
  /** Oldest first. */
  readonly requests: readonly RequestRecord[];
  /** Newest first. */
  readonly history: readonly HistoryEntry[];
}

/** What a person asks for. */
export interface OperationWish {
  readonly operation: string;
  /** Name or id of a member. */
  readonly member?: string;
  /** Of an upgrade: the version of etcd. */
  readonly to?: string;
  /** Of an upgrade: it is tried first, on restored data. */
  readonly rehearse?: true;
  readonly by: string;
}

/**
 * What the API can do besides reading the observation; the agent's composition fills it. All of them throw `AgentError` or
 * `EtcdError`, which the routes answer as problems.
 */
export interface CaretakingPorts {
  /** The leader's: of another agent where this one does not lead. */
  decisions(signal: AbortSignal): Promise<DecisionsReply>;
  operations(): OperationsReply;
  /** Puts a request into the journal; gives its id. `USAGE` where operation or member are unknown. */
  request(wish: OperationWish, signal: AbortSignal): Promise<{ readonly id: string }>;
  /** What would become of such a request now; only where this agent leads, else `NOT_LEADER`, naming who does. */
  dryRun(wish: OperationWish, signal: AbortSignal): Promise<Decision>;
  pause(
    wish: { readonly reason: string; readonly forMs: number; readonly by: string },
    signal: AbortSignal,
  ): Promise<void>;
  resume(by: string, signal: AbortSignal): Promise<void>;
  /** Another agent says that there is something to look at: the agent that leads looks at once, within its budget. */
  nudge(): { readonly heeded: boolean };
}
