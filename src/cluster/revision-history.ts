import type { RevisionSample } from './state.ts';

/** Samples younger than this are all kept. */
const RECENT_MS = 10 * 60_000;
/** Older ones are thinned to about one in so long… */
const SPACING_MS = 60_000;
/** …or to fewer where that would be more than so many. */
const MOST_OLD_SAMPLES = 500;

interface Recorded {
  readonly monotonicMs: number;
  readonly revision: bigint;
}

/**
 * Which revision the cluster had when, as this process has seen it by its own monotonic clock: wall clocks of other
 * machines, and revisions that somebody only says are old, are no ground to compact on. It is kept for twice the time
 * that is asked for, and half an hour at least.
 */
export class RevisionHistory {
  readonly #keptMs: number;
  readonly #spacingMs: number;
  /** Both oldest first; every sample of `#old` is older than every one of `#recent`. */
  #old: Recorded[] = [];
  #recent: Recorded[] = [];

  /** @param keepMs the greatest age that will be asked for */
  constructor({ keepMs }: { readonly keepMs: number }) {
    this.#keptMs = Math.max(2 * keepMs, 3 * RECENT_MS);
    this.#spacingMs = Math.max(SPACING_MS, this.#keptMs / MOST_OLD_SAMPLES);
  }

  /**
   * Takes in the revision of a round. Where it is lower than before (a member that lags has answered alone, or the store
   * was restored), the higher ones are forgotten: they are not the history of what is there now.
   */
  add(monotonicMs: number, revision: bigint): void {
    if ((this.#newest()?.revision ?? 0n) > revision) {
      this.#recent = this.#recent.filter((sample) => sample.revision <= revision);
      this.#old = this.#old.filter((sample) => sample.revision <= revision);
    }
    if (monotonicMs <= (this.#newest()?.monotonicMs ?? Number.NEGATIVE_INFINITY)) return;
    this.#recent.push({ monotonicMs, revision });
    this.#thin(monotonicMs);
  }

  /** Newest first. */
  samples(nowMonotonicMs: number): readonly RevisionSample[] {
    return [...this.#old, ...this.#recent]
      .reverse()
      .map(({ monotonicMs, revision }) => ({ ageSeconds: (nowMonotonicMs - monotonicMs) / 1000, revision }));
  }

  #newest(): Recorded | undefined {
    return this.#recent.at(-1) ?? this.#old.at(-1);
  }

  #thin(nowMs: number): void {
    const firstRecent = this.#recent.findIndex(({ monotonicMs }) => nowMs - monotonicMs <= RECENT_MS);
    for (const sample of this.#recent.splice(0, firstRecent)) {
      const last = this.#old.at(-1);
      if (last === undefined || sample.monotonicMs - last.monotonicMs >= this.#spacingMs) this.#old.push(sample);
    }
    const firstKept = this.#old.findIndex(({ monotonicMs }) => nowMs - monotonicMs <= this.#keptMs);
    this.#old.splice(0, firstKept === -1 ? this.#old.length : firstKept);
  }
}

/**
 * The newest revision that is at least so old: never one that is younger than asked for, up to a minute older. Undefined
 * while nothing so old has been seen.
 * @param samples newest first
 */
export function revisionOlderThan(samples: readonly RevisionSample[], ageMs: number): bigint | undefined {
  return samples.find(({ ageSeconds }) => ageSeconds * 1000 >= ageMs)?.revision;
}
