import type { Fault } from '../cluster/observation.ts';
import type { AgreedPlan, GoBackPoint, RecoveryEvidence, RecoveryPlan } from '../cluster/recovery.ts';

/** A recovery that this agent leads, or led last. */
export interface RecoveryRun {
  readonly planId: string;
  readonly plan: AgreedPlan;
  readonly outcome: 'running' | 'succeeded' | 'failed';
  readonly fault?: Fault;
  /** In order. */
  readonly progress: readonly {
    readonly member: string;
    readonly step: string;
    readonly state: 'asked' | 'done' | 'failed';
    readonly detail?: string;
  }[];
}

/** What an agent says of a lost quorum. */
export type RecoveryReply = Omit<RecoveryEvidence, 'run'> & { readonly run?: RecoveryRun };

/** What a person asks for. */
export interface RecoveryWish {
  /** Names of members that are given up. */
  readonly lost: readonly string[];
  /** The whole cluster goes back to this point, whether or not there is a quorum. */
  readonly goBack?: GoBackPoint;
  /** URL of the store that is to be taken; left out: the one that reaches furthest. */
  readonly store?: string;
}

/** What the API can do about a lost quorum; the agent's composition fills it. All of them throw `AgentError` with a code `RECOVERY_…`. */
export interface RecoveryPorts {
  evidence(): RecoveryReply;
  /** Asks all agents and the stores what there is, and plans. */
  plan(wish: RecoveryWish, signal: AbortSignal): Promise<RecoveryPlan>;
  /** Plans anew and begins to carry it out, or goes on with what was begun. */
  run(wish: RecoveryWish, signal: AbortSignal): Promise<{ readonly planId: string }>;
  /** What follows is for other agents. */
  prepare(plan: unknown): Promise<void>;
  step(planId: string, step: string): Promise<void>;
  abandon(planId: string): Promise<void>;
}
