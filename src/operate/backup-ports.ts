import type { ReportRecord } from '../cluster/caretaking.ts';

/** Whose report on which step is waited for. */
export interface AskedStep {
  readonly operationId: string;
  /** Its place among the journaled steps, from 1. */
  readonly step: number;
  readonly memberId: string;
  /** The name of the step. */
  readonly name: string;
  /** How long its report is waited for. */
  readonly withinMs: number;
}

/** The way in which an operation has the agent beside a member do what only that one can: the newest step of the slot asks it. */
export interface AskedAgents {
  /**
   * What that agent reports of the step, once it does. Throws `OperationStopped` with `AGENT_MISSING` where it is not there
   * for longer than an agent takes to be started again, and with `AGENT_STUCK` where it has not reported in time; an agent that is started again
   * begins the step anew.
   */
  reportOf(asked: AskedStep, signal: AbortSignal): Promise<ReportRecord>;
}

/** A full snapshot that was taken on demand. */
export interface TakenSnapshot {
  readonly revision: bigint;
  readonly keys: number;
  /** One for each store: why it does not have it, where that is so. */
  readonly stores: readonly { readonly url: string; readonly fault?: string }[];
}

/** What operations need of the part that backs up. */
export interface SnapshotTaker {
  /**
   * Takes a full snapshot into every store, after one that is under way. Throws `BACKUP_NOT_RUNNING` where backups are not
   * under way on this agent, and what taking it ended with.
   */
  takeSnapshot(signal: AbortSignal): Promise<TakenSnapshot>;
}
