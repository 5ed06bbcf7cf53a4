import type { Schedule } from '../../decide/schedule.ts';

/** Why a full snapshot is taken. */
export type FullReason = 'first' | 'schedule' | 'chain-broken' | 'auth-changed' | 'asked';

/** The newest full snapshot of a store. */
export interface NewestFull {
  readonly revision: bigint;
  readonly startedAtMs: number;
  readonly authRevision?: bigint;
}

/** What tells whether one is due; one agent's own memory of a term. */
export interface FullNeed {
  /** Undefined where the store has none. */
  readonly newest: NewestFull | undefined;
  /** The last revision that is lost to a chain; 0 where none is. */
  readonly lostUpTo: bigint;
  /** Of users and roles, as it was last told to have changed. */
  readonly authRevision?: bigint;
}

/** Why one is due now; undefined where none is. Times are of the wall clock, ms since 1970. */
export function fullDue(
  { newest, lostUpTo, authRevision }: FullNeed,
  schedule: Schedule,
  nowMs: number,
): FullReason | undefined {
  if (newest === undefined) return 'first';
  if (newest.revision < lostUpTo) return 'chain-broken';
  if (authRevision !== undefined && (newest.authRevision ?? 0n) < authRevision) return 'auth-changed';
  return schedule.lastStart(newest.startedAtMs, nowMs) === undefined ? undefined : 'schedule';
}

const FIRST_GAP_MS = 15_000;
const LONGEST_GAP_MS = 30 * 60_000;

/** Snapshots that failed, or that something else than the schedule asked for, come further and further apart: each costs the cluster something. */
export class FullGap {
  #gapMs = 0;
  #notBeforeMs = 0;

  /** By a monotonic clock. */
  mayTake(nowMs: number): boolean {
    return nowMs >= this.#notBeforeMs;
  }

  /** One was tried for this reason, and has succeeded or not. */
  tried(reason: FullReason, succeeded: boolean, nowMs: number): void {
    if (succeeded && (reason === 'schedule' || reason === 'first')) {
      this.#gapMs = 0;
      this.#notBeforeMs = 0;
      return;
    }
    this.#gapMs = Math.min(LONGEST_GAP_MS, Math.max(FIRST_GAP_MS, this.#gapMs * 2));
    this.#notBeforeMs = nowMs + this.#gapMs;
  }
}
