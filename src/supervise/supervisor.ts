import type { ProcessEnd, ProcessState, SuperviseKind } from '../cluster/own-member.ts';

/** A member of the cluster that a process is to be a part of, as `--initial-cluster` names it. */
export interface InitialMember {
  readonly name: string;
  readonly peerUrl: string;
}

/**
 * With which cluster a member without data begins. Etcd looks at it only while the data dir is empty; whoever starts a member
 * that has data gives none.
 */
export interface InitialCluster {
  /** `existing`: it was added to the member list before. */
  readonly state: 'new' | 'existing';
  /** All of them, the own one among them. */
  readonly members: readonly InitialMember[];
  readonly token: string;
}

/** What may be different at each start. */
export interface StartPlan {
  readonly initial?: InitialCluster;
}

/**
 * How the process of one member is started and stopped. One way for each place where etcd runs; none of them decides anything,
 * and none ever touches data. Errors are `AgentError` with a code that begins with `SUPERVISE_`.
 */
export interface Supervisor extends AsyncDisposable {
  readonly kind: SuperviseKind;
  /** Whether the process runs now. Never throws for what it finds: `unknown` says why it cannot tell. */
  look(signal: AbortSignal): Promise<ProcessState>;
  /**
   * Starts the process where it does not run, and is back when it runs (it may end a moment later). Flags of an earlier plan
   * do not survive: what discovers or begins a cluster is stripped unless the plan says it.
   */
  start(plan: StartPlan, signal: AbortSignal): Promise<void>;
  /** Ends the process, and sees to it that nobody else starts it again; back when it has ended. Does nothing where it does not run. */
  stop(signal: AbortSignal): Promise<void>;
  /** Calls back when the process has ended and this supervisor was not asked to stop it. Gives a function that ends it. */
  onEnd(listener: (end: ProcessEnd) => void): () => void;
  /** Lets go of the process without ending it. */
  [Symbol.asyncDispose](): Promise<void>;
}
