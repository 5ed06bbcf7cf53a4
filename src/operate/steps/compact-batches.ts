import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf } from '../../cluster/agent-error.ts';
import type { Permit } from '../effects.ts';
import { compactedTo } from './compacted-to.ts';
import type { Parts } from './parts.ts';

/** Etcd itself goes in batches of so many, with a pause after each: smaller ones would bring nothing. */
const SMALLEST_BATCH = 1000n;
const LARGEST_BATCH = 1_000_000n;

/** A batch is too large where it takes so many times as long as one is meant to: a pause waits for its end. */
const LONGEST_FACTOR = 150;

/** Where twice as large a batch does not get through the history so much faster, it is large enough. */
const FASTER_FACTOR = 1.2;

/**
 * A compaction makes at most about so many batches: each one costs etcd a walk through all keys (and, from 3.5.5 on, their
 * hash), so that many small ones weigh far more than a few. Measured on 2 cores: that walk took 1.5 to 5 s of a 1 GiB store;
 * in 176 batches 69,125 revisions took 876 s, and the p99 of writes was 1.34 times what it had been.
 */
const MOST_BATCHES = 50n;

/**
 * So many times as long as a batch took, etcd is left alone after it: writes wait for a compaction's batches, and fewer than
 * one in ten is to.
 */
const REST_FACTOR = 10;

/** Whatever else is to be done waits for its end. */
const LONGEST_REST_MS = 30_000;

/** What is left of a compaction. */
export interface CompactionLeft {
  /** The store is compacted up to here. */
  readonly at: bigint;
  readonly target: bigint;
  /** What the batches so far have taught; absent: there were none. */
  readonly pace?: Pace;
}

/** How large batches are. */
export interface Pace {
  /** Revisions of the next one. */
  readonly batch: bigint;
  /** Of no fewer, so that there are not too many of them. */
  readonly least: bigint;
  /** Revisions in each millisecond of the fastest one; absent: there was none. */
  readonly rate?: number;
}

/** The pace of a compaction in one batch, where nobody can write anyway. */
export function atOnce({ at, target }: Pick<CompactionLeft, 'at' | 'target'>): Pace {
  return { batch: target - at, least: target - at };
}

/**
 * Compacts up to `target` in batches, each made to take about `batchMs` or as long as the walk through all keys does not
 * outweigh it, with a rest after each; gives back what is left after `forMs`. A revision that is compacted already is none
 * to fail on: whoever began it, it is done.
 */
export async function compactInBatches(
  { at: from, target, pace: former = firstPace({ at: from, target }) }: CompactionLeft,
  permit: Permit,
  { effects, timing, forMs }: Parts & { readonly forMs: number },
): Promise<Required<CompactionLeft> & { readonly batches: number }> {
  const { signal } = permit;
  const endMs = performance.now() + forMs;
  let pace = former;
  let batches = 0;
  let at = from;
  while (at < target && (batches === 0 || performance.now() < endMs)) {
    const next = at + pace.batch < target ? at + pace.batch : target;
    permit.check();
    const tookMs = await compactOnce(next, permit, { effects, timing });
    if (tookMs === undefined) {
      at = await compactedTo({ guess: next, atMost: target }, effects, signal);
      continue;
    }
    at = next;
    batches += 1;
    pace = nextPace(pace, tookMs, timing.batchMs);
    if (at < target) await sleep(Math.min(LONGEST_REST_MS, Math.max(1, tookMs * REST_FACTOR)), undefined, { signal });
  }
  return { at, target, pace, batches };
}

function firstPace({ at, target }: Pick<CompactionLeft, 'at' | 'target'>): Pace {
  const share = (target - at) / MOST_BATCHES;
  const least = larger(share, SMALLEST_BATCH);
  return { batch: least, least };
}

/**
 * The batches that follow one which took so long: twice as large where it was short, or got through the history much faster
 * than a smaller one, since then the walk through all keys weighs more than what is deleted. @param meantMs `batchMs`
 */
export function nextPace({ batch, least, rate: fastest = 0 }: Pace, tookMs: number, meantMs: number): Pace {
  const rate = Number(batch) / Math.max(1, tookMs);
  const most = Math.max(rate, fastest);
  if (tookMs > meantMs * LONGEST_FACTOR) {
    const half = batch / 2n;
    return { batch: larger(half, least), least, rate: most };
  }
  if (tookMs >= meantMs / 2 && rate < fastest * FASTER_FACTOR) return { batch, least, rate: most };
  const twice = batch * 2n;
  return { batch: twice < LARGEST_BATCH ? twice : larger(LARGEST_BATCH, least), least, rate: most };
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

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
