import type { Reason } from './caretaking.ts';
import type { Fault } from './observation.ts';
import type { UnattendedRecovery } from './recovery.ts';

/**
 * How an agent stands to a lost quorum. `idle`: there is none lost; `manual`: it is lost, and a person has to say `recover`; `waiting`: it has not
 * been lost for long enough; `holding`: it would be time, and something is in the way; `under-way`: this agent has promised a plan that has not ended.
 */
export const recoveryStates = ['idle', 'manual', 'waiting', 'holding', 'under-way'] as const;

/** One of them. */
export type RecoveryState = (typeof recoveryStates)[number];

/** The newest recovery that this agent knows the end of, of its own part or as the one that led it. */
export interface LastRecovery {
  readonly planId: string;
  readonly outcome: 'succeeded' | 'failed';
  /** Wall clock, ms since 1970. */
  readonly endedAtMs: number;
  readonly fault?: Fault;
}

/** What one agent has to say of recoveries of a lost quorum. A part of its observation. */
export interface RecoveryView {
  readonly unattended: UnattendedRecovery;
  readonly state: RecoveryState;
  /** Why it stands so; empty while it is idle. */
  readonly reasons: readonly Reason[];
  /** Wall clock at which this agent saw a quorum no more, or its own etcd ended; absent while it is idle, and where it never saw one. */
  readonly lostAtMs?: number;
  readonly last?: LastRecovery;
  /** Recoveries that this agent has led to their end since it was started. */
  readonly ended: { readonly succeeded: number; readonly failed: number };
  /** What would be in the way of a recovery, seen also while all is well: settings that differ, an agent that is there twice. */
  readonly doubts: readonly Reason[];
}
