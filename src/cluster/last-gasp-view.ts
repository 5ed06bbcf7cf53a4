import type { Fault } from './observation.ts';

/** The newest last gasp of this agent's member. */
export interface KeptGaspView {
  /** Its folder on the agent's machine. */
  readonly path: string;
  /** The member's own snapshot, the database file of a member whose snapshot call refuses the agent, or the files of one that has ended. */
  readonly source: 'snapshot' | 'database-file' | 'data-dir';
  /** Wall clock, ms since 1970. */
  readonly takenAtMs: number;
  readonly bytes: number;
  /** As its database has it; with `data-dir` the WAL may hold more. Absent where it could not be read. */
  readonly revision?: bigint;
  /** At that revision, at most. */
  readonly keys?: number;
}

/** What one agent has to say of last gasps: what it keeps of its member when the quorum is lost. A part of its observation. */
export interface LastGaspView {
  /** Where they are kept. */
  readonly dir: string;
  /** There is no quorum, as far as this agent sees. */
  readonly quorumLost: boolean;
  readonly underWay: boolean;
  readonly newest?: KeptGaspView;
  /** Why there is none of this loss of the quorum yet. It is tried again. */
  readonly fault?: Fault;
  /** Since the agent started. */
  readonly failures: readonly { readonly reason: string; readonly count: number }[];
}
