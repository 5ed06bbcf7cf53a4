import type { TxnCompare } from '../etcd/txn.ts';

/**
 * The right to act, as its holder has it. Every transaction that changes the journal carries `guard`, so that etcd itself
 * refuses whoever no longer leads; between transactions the holder asks `held` right before every call that changes the
 * cluster.
 */
export interface Term {
  readonly epoch: bigint;
  /** Member id of the agent that holds it. */
  readonly holder: string;
  /** By the holder's own monotonic clock, earlier than etcd's expiry; right also after the process was stopped for a while. */
  readonly held: boolean;
  /** Aborted when it is lost. */
  readonly lost: AbortSignal;
  /** True only while this very term is the newest one. */
  readonly guard: readonly TxnCompare[];
}
