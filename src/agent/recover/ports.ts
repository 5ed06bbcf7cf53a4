import type { OwnMemberView } from '../../cluster/own-member.ts';
import type { AgreedPlan, PlannedMember } from '../../cluster/recovery.ts';

/** What a recovery does with the own member, whoever keeps that otherwise. */
export interface RecoveredMember {
  /** Nobody starts it by itself from now on. @param why for people */
  hold(why: string): void;
  /** Whoever keeps it takes it up again. */
  release(): void;
  /** Looks at process and data anew, at all of them. */
  look(signal: AbortSignal): Promise<OwnMemberView>;
  stop(signal: AbortSignal): Promise<void>;
  start(signal: AbortSignal): Promise<void>;
  /** Moves its data to quarantine; does nothing where there are none. Gives their size. */
  putAside(reason: string, signal: AbortSignal): Promise<number>;
  /**
   * Back when it answers reads through a quorum; remembers from then on that this is who it is, and has the recovery stand in the history.
   */
  serves(recovered: Recovered, signal: AbortSignal): Promise<void>;
}

/** A recovery that has come so far that etcd answers again: for the history. */
export interface Recovered {
  readonly plan: AgreedPlan;
  /** What the seeding came to, one sentence. */
  readonly detail: string;
}

/** What was seeded: for the report. */
export interface SeedReport {
  readonly revision: bigint;
  /** One sentence. */
  readonly detail: string;
}

/** What else a recovery needs of its surroundings. */
export interface RecoverWork {
  /** Copies what the stopped member has into the place of last gasps; one sentence of what came of it. */
  keep(signal: AbortSignal): Promise<string>;
  /** Makes the new data dir of the seed, in its place when it is back. Safe to do again after it was cut off. */
  seed(plan: AgreedPlan, signal: AbortSignal): Promise<SeedReport>;
}

/** The way to the agents without etcd. */
export interface RecoverAgents {
  get(to: Pick<PlannedMember, 'name' | 'agentUrl'>, path: string, signal: AbortSignal): Promise<unknown>;
  post(
    to: Pick<PlannedMember, 'name' | 'agentUrl'>,
    path: string,
    body: unknown,
    signal: AbortSignal,
  ): Promise<unknown>;
  /** Whether something accepts connections at a client or peer URL. */
  listens(url: string, signal: AbortSignal): Promise<boolean>;
}

/** Paths of the API, for agents and routes alike. */
export const recoveryPaths = {
  evidence: '/api/v1/recovery',
  prepare: '/api/v1/recovery/prepare',
  step: '/api/v1/recovery/step',
  abandon: '/api/v1/recovery/abandon',
} as const;
