import type { BackupView } from './backup-view.ts';
import type { CaretakingView } from './caretaking-view.ts';
import type { DiagnosisView } from './diagnosis.ts';
import type { LastGaspView } from './last-gasp-view.ts';
import type { OwnMemberView } from './own-member.ts';
import type { RecoveryView } from './recovery-view.ts';
import type { Histogram, Sections } from './sections.ts';

/** The name of one section of an observation; also the `collector` label of its metrics. */
export type SectionName = keyof Sections;

/** A failure as a person reads it: a stable code, what was tried, on which member, and what to do. No secrets. */
export interface Fault {
  /** Stable and machine readable, for example `ETCD_UNREACHABLE`. */
  readonly code: string;
  /** One sentence: what was tried and what came back. */
  readonly message: string;
  /** The member it was tried on, where there is one. */
  readonly member?: string;
  /** What a person should do. */
  readonly remedy?: string;
}

/** What one collector said in one round. A failed reading has no value: stale numbers are never shown. */
export interface Reading<T> {
  /** Wall clock at the start of the collection, in ms since the epoch. */
  readonly observedAtMs: number;
  /** How long the collection took, on the monotonic clock. */
  readonly durationSeconds: number;
  /** The value, absent when the collector failed or missed its deadline. */
  readonly value?: T;
  /** Why there is no value. */
  readonly fault?: Fault;
}

/** How one collector has done since the agent started. */
export interface CollectorRecord {
  /** Whether its newest reading succeeded. */
  readonly success: boolean;
  /** Seconds of every collection so far, also of those that failed or missed their deadline. */
  readonly durations: Histogram;
}

/** What one agent saw at one time. Immutable: every round makes a new one. */
export interface Observation {
  /** The configured name of the member that this agent stands beside. */
  readonly member: string;
  /** The configured name of the cluster. */
  readonly cluster: string;
  /** Version of the agent. */
  readonly agentVersion: string;
  /** Wall clock at which this observation was put together, in ms since the epoch; 0 before the first. */
  readonly observedAtMs: number;
  /** The same on the monotonic clock of the agent's process: for its age, which a clock that jumps must not change. */
  readonly observedAtMonotonicMs: number;
  /** Number of rounds ended so far. */
  readonly rounds: number;
  /** Every collector that has ended at least one collection. */
  readonly collectors: { readonly [K in SectionName]?: CollectorRecord };
  readonly sections: { readonly [K in SectionName]?: Reading<Sections[K]> };
  /** What it has to say of acting; absent while it only observes, as in `doctor`. */
  readonly caretaking?: CaretakingView;
  /** What it has to say of backups; absent where none are configured. */
  readonly backups?: BackupView;
  /** What it keeps of its member when the quorum is lost; absent where it keeps nothing. */
  readonly lastGasp?: LastGaspView;
  /** What it says of the process and the data of its member; absent where the agent only observes, as in `doctor`. */
  readonly own?: OwnMemberView;
  /** The causes that it knows of what is wrong; absent before its second round. */
  readonly diagnosis?: DiagnosisView;
  /** How it stands to a lost quorum; absent where it takes no part in recoveries. */
  readonly recovery?: RecoveryView;
}
