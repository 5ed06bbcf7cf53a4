import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf } from '../../cluster/agent-error.ts';
import type { Permit } from '../effects.ts';
import { compactedTo } from './compacted-to.ts';
import type { Parts } from './parts.ts';

const FIRST_BATCH = 1000n;
const SMALLEST_BATCH = 100n;
const LARGEST_BATCH = 1_000_000n;

/**
 * A compaction makes at most about so many batches: each one costs etcd a walk through all keys, so that in a large
 * keyspace many small ones would take longer, and weigh more, than a few.
 */
const MOST_BATCHES = 50n;

/** So many times as long as a batch took, etcd is left alone after it: writes wait for a compaction's batches. */
const REST_FACTOR = 2;

/** What is left of a compaction. */
export interface CompactionLeft {
  /** The store is compacted up to here. */
  readonly at: bigint;
  readonly target: bigint;
  /** Revisions of the next batch; absent: the first one. */
  readonly batch?: bigint;
}

/**
 * Compacts up to `target` in batches, each made to take about `batchMs`, with a rest after each; gives back what is left
 * after `forMs`. A revision that is compacted already is none to fail on: whoever began it, it is done.
 */
export async function compactInBatches(
  { at: from, target, batch: former = FIRST_BATCH }: CompactionLeft,
  permit: Permit,
  { effects, timing, forMs }: Parts & { readonly forMs: number },
): Promise<Required<CompactionLeft> & { readonly batches: number }> {
  const { signal } = permit;
  const endMs = performance.now() + forMs;
  const share = (target - from) / MOST_BATCHES;
  const least = share > SMALLEST_BATCH ? share : SMALLEST_BATCH;
  let batch = former > least ? former : least;
  let batches = 0;
  let at = from;
  while (at < target && (batches === 0 || performance.now() < endMs)) {
    const next = at + batch < target ? at + batch : target;
    permit.check();
    const tookMs = await compactOnce(next, permit, { effects, timing });
    if (tookMs === undefined) {
      at = await compactedTo({ guess: next, atMost: target }, effects, signal);
      continue;
    }
    at = next;
    batches += 1;
    batch = nextBatch(batch, tookMs, timing.batchMs, least);
    if (at < target) await sleep(Math.max(1, tookMs * REST_FACTOR), undefined, { signal });
  }
  return { at, target, batch, batches };
}

/** How long it took; undefined where it was compacted already. */
async function compactOnce(revision: bigint, permit: Permit, { effects }: Parts): Promise<number | undefined> {
  const startedMs = performance.now();
  try {
    await effects.compact(revision, permit);
  } catch (error) {
    permit.signal.throwIfAborted();
    if (faultOf(error).code === 'ETCD_COMPACTED') return undefined;
    // The answer may have been lost after the revision was compacted.
    const made = await effects.compactedBefore(revision, permit.signal).catch(() => false);
    if (!made) throw error;
  }
  return performance.now() - startedMs;
}

/** Twice as many where it went much faster than meant, half as many where it took longer. */
function nextBatch(batch: bigint, tookMs: number, meantMs: number, least: bigint): bigint {
  if (tookMs > meantMs) return batch / 2n > least ? batch / 2n : least;
  if (tookMs < meantMs / 2) return batch * 2n < LARGEST_BATCH ? batch * 2n : LARGEST_BATCH;
  return batch;
}
