import type { Fault } from './observation.ts';
import type { Histogram } from './sections.ts';

/** What became of one kind of backup since the agent started. */
export interface BackupKindView {
  /** `full`: snapshots; `delta`: changes as they come; `verify`: what was read back. */
  readonly kind: 'full' | 'delta' | 'verify';
  /** Wall clock, ms since 1970; of a full snapshot also of one that was found in the store. */
  readonly lastSuccessAtMs?: number;
  readonly lastRevision?: bigint;
  /** As they were stored, by this agent. */
  readonly bytes: number;
  readonly durationSeconds?: Histogram;
  readonly failures: readonly { readonly reason: string; readonly count: number }[];
}

/** One store, as the agent that backs up sees it. */
export interface BackupStoreView {
  readonly url: string;
  /** Everything up to here is durable in it. */
  readonly storedRevision?: bigint;
  /** What would be lost if only this store were left; absent where it is not known what it has. */
  readonly unprotected?: { readonly seconds: number; readonly revisions: bigint };
  /** Objects and bytes of the timeline, as it was last listed. */
  readonly objects?: number;
  readonly bytes?: number;
  /** When a chain of it was last read back or restored and found whole, wall clock, ms since 1970. */
  readonly provenAtMs?: number;
  /** Why it does not get on at the moment. */
  readonly fault?: Fault;
  /** Since the agent started. */
  readonly requests: Readonly<Record<'put' | 'get' | 'head' | 'list' | 'delete', number>>;
}

/** What one agent has to say of backups, at one time. Immutable; a part of its observation. */
export interface BackupView {
  /** It is this agent that backs up: it leads, and could begin. */
  readonly working: boolean;
  readonly timeline?: string;
  /** Why nothing is backed up at the moment, though this agent leads. */
  readonly fault?: Fault;
  /** Why the capture of changes does not get on. */
  readonly captureFault?: Fault;
  /** Why a full snapshot is being taken now. */
  readonly fullUnderWay?: string;
  /** What all stores have of full snapshots. */
  readonly newestFull?: { readonly revision: bigint; readonly startedAtMs: number };
  /** What waits on this machine for the stores. */
  readonly spool?: {
    readonly bytes: number;
    readonly maxBytes: number;
    readonly durable: boolean;
    /** What would be lost if this process died now, and the cluster with it, but not this machine's disk. */
    readonly unprotected: { readonly seconds: number; readonly revisions: bigint };
  };
  readonly kinds: readonly BackupKindView[];
  readonly stores: readonly BackupStoreView[];
  /** The longest time between two full snapshots of the schedule; absent where none are taken by themselves. */
  readonly fullIntervalSeconds?: number;
  /** The same of drills. */
  readonly drillIntervalSeconds?: number;
}
