/** How long operations wait for what; the defaults are those of production. */
export interface OperateTiming {
  /** Without an election for so long, caught up and answering, a member counts as settled. */
  readonly settleMs: number;
  /** How long it may take to get there before the operation stops. */
  readonly settleWithinMs: number;
  readonly pollMs: number;
  /**
   * Right before a member is blocked: for so long it is looked once more where somebody did not answer. A call that comes late on a busy machine is no
   * doubt; what stopped for it would wait minutes to be tried again.
   */
  readonly silenceMs: number;
  /** How long etcd may take until the new raft leader leads; normally it takes a few round trips. */
  readonly moveWithinMs: number;
  /** A member that refuses connections for so long does not defragment any more: it is down. */
  readonly downAfterMs: number;
  /** Neither does one that has answered nothing for so long. */
  readonly silentAfterMs: number;
  /** What only the agent beside a member sees is waited for so long: an agent that has died is started again, as a rule. */
  readonly agentBackMs: number;
  /** What one batch of a compaction may take; the next one is larger or smaller by that. */
  readonly batchMs: number;
  /** Batches are made for so long before the next step is written down: a pause is heeded then. */
  readonly compactStepMs: number;
  /** How long a raised alarm is waited for after it was taken back. */
  readonly reraiseMs: number;
  /** Between two comparisons of hashes that differ. */
  readonly hashPauseMs: number;
  /** How long a pod that is made anew may take until its etcd serves: an image is pulled, and a volume moved. */
  readonly podServesWithinMs: number;
  /** A learner that has not come on for so long is taken off the list again. */
  readonly learnerStallMs: number;
}

export const productionTiming: OperateTiming = {
  settleMs: 30_000,
  settleWithinMs: 300_000,
  pollMs: 1000,
  silenceMs: 15_000,
  moveWithinMs: 10_000,
  downAfterMs: 60_000,
  silentAfterMs: 600_000,
  agentBackMs: 60_000,
  batchMs: 200,
  compactStepMs: 10_000,
  reraiseMs: 5000,
  hashPauseMs: 10_000,
  podServesWithinMs: 15 * 60_000,
  learnerStallMs: 300_000,
};
