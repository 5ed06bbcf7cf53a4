import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf } from '../../cluster/agent-error.ts';
import type { Effects } from '../effects.ts';
import type { OperateTiming } from '../timing.ts';

const FIRST_BATCH = 1000n;
const SMALLEST_BATCH = 100n;
const LARGEST_BATCH = 1_000_000n;

/** So many times as long as a batch took, etcd is left alone after it: writes wait for a compaction's batches. */
const REST_FACTOR = 2;

/**
 * Compacts from `from` up to `target` in batches, each made to take about `batchMs`, with a rest after each. A revision
 * that is compacted already is none to fail on: whoever began it, it is done.
 * @param from the compact revision, as far as it is known; 0 where it is not
 * @returns how many batches were made
 */
export async function compactInBatches(
  { from, target }: { readonly from: bigint; readonly target: bigint },
  { effects, timing, signal }: { effects: Effects; timing: OperateTiming; signal: AbortSignal },
): Promise<number> {
  let batch = FIRST_BATCH;
  let batches = 0;
  let at = from;
  while (at < target) {
    at = at + batch < target ? at + batch : target;
    const seconds = await compactOnce(at, effects, signal);
    batches += 1;
    batch = nextBatch(batch, seconds * 1000, timing.batchMs);
    if (at < target) await sleep(Math.max(1, seconds * 1000 * REST_FACTOR), undefined, { signal });
  }
  return batches;
}

async function compactOnce(revision: bigint, effects: Effects, signal: AbortSignal): Promise<number> {
  const startedMs = performance.now();
  try {
    await effects.compact(revision, signal);
  } catch (error) {
    if (faultOf(error).code !== 'ETCD_COMPACTED') throw error;
  }
  return (performance.now() - startedMs) / 1000;
}

/** Twice as many where it went much faster than meant, half as many where it took longer. */
function nextBatch(batch: bigint, tookMs: number, meantMs: number): bigint {
  if (tookMs > meantMs) return batch / 2n > SMALLEST_BATCH ? batch / 2n : SMALLEST_BATCH;
  if (tookMs < meantMs / 2) return batch * 2n < LARGEST_BATCH ? batch * 2n : LARGEST_BATCH;
  return batch;
}
