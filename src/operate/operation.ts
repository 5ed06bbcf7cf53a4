import { AgentError } from '../cluster/agent-error.ts';
import type { HistoryEntry, JournalValue, OperationName, Slot } from '../cluster/caretaking.ts';
import type { ClusterState } from '../cluster/state.ts';
import type { Permit } from './effects.ts';

/** What came of an operation that ended by itself. */
export interface OperationResult {
  readonly outcome: 'succeeded' | 'stopped' | 'failed';
  /** One sentence. */
  readonly summary: string;
  /** With `stopped`. */
  readonly code?: string;
  readonly figures?: HistoryEntry['figures'];
}

/** What one step is called in the journal. */
export interface Step {
  /** Stable: `defragment`, `compact`, `disarm`, … */
  readonly name: string;
  readonly memberId?: string;
  /** A sentence for people. */
  readonly detail?: string;
  /** Taken over into the slot's `progress` in the same write that announces the step. */
  readonly progress?: Readonly<Record<string, JournalValue>>;
  /**
   * Looks once more, after the step is written down and right before it is made: throws where it must not be made after
   * all, because the raft leader is another one by now.
   */
  readonly ready?: () => Promise<void>;
}

/**
 * Thrown inside an operation: something in the cluster keeps it from going on, and nothing is half done. Its message goes
 * after "It stopped because".
 */
export class OperationStopped extends AgentError {}

/** What an operation may use. */
export interface OperationContext {
  /** As journaled now: `progress` and `steps` are what earlier leaders left. */
  readonly slot: Slot;
  /** Ends with the term and with the agent. A pause ends an operation between two steps, never in the middle of one. */
  readonly signal: AbortSignal;
  /**
   * Announces a step and then makes it: looks at pauses (also the local file), journals it by compare-and-swap under the
   * term's guard, lets `ready` look once more, and calls `effect` only while the term is still held. Throws `TERM_LOST`,
   * `PAUSED` or `SLOT_CHANGED` instead, and whatever `ready` and `effect` throw.
   */
  step<T>(step: Step, effect: (permit: Permit) => Promise<T>): Promise<T>;
  /** Writes down progress without a step. */
  note(progress: Readonly<Record<string, JournalValue>>): Promise<void>;
  /** A fresh state of the cluster. */
  observe(): Promise<ClusterState>;
  readonly log: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
}

/** One kind of operation. `run` is also how a new leader goes on: it looks at the slot and at the cluster, not at what it did. */
export interface Operation {
  readonly name: OperationName;
  readonly version: number;
  /** Also refuses by throwing: an `AgentError` says why. */
  run(context: OperationContext): Promise<OperationResult>;
}
