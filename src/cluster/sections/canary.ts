import type { Histogram } from './reading.ts';

/** What a canary asks of the cluster. */
export type CanaryOperation = 'read' | 'write';

/** How a request of a canary ended: answered in time, answered after the bound (`observe.canary.slowAfter`), or not. */
export type CanaryOutcome = 'succeeded' | 'slow' | 'failed';

/** The requests that an agent makes as a client would, since it started. */
export interface Canary {
  readonly operation: CanaryOperation;
  readonly outcomes: Readonly<Record<CanaryOutcome, number>>;
  /** Late or unanswered while the agent itself was held up, or refused because of the agent's own configuration: counted as nothing. */
  readonly discarded: number;
  /** Seconds of those that were answered. */
  readonly latency: Histogram;
  /** Why no more of them are made for now, as a sentence: the agent may not write. */
  readonly off?: string;
  /** Why the newest one was not answered; absent when it was. */
  readonly fault?: { readonly code: string; readonly message: string; readonly remedy?: string };
}

/** What a client of the cluster gets: the collector `canary`. Only the operations that are switched on. */
export interface CanarySection {
  readonly canaries: readonly Canary[];
}
