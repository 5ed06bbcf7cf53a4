import type { MemberTiming } from './options.ts';

/**
 * What counts of a process that keeps ending: how long to wait before it is started again (not at all the first time, then longer and longer),
 * and how often it was started in vain.
 */
export class RestartPauses {
  readonly #timing: PauseTiming;
  #startedAtMs: number | undefined;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #inRow = 0;
  #vain = 0;

  constructor(timing: PauseTiming) {
    this.#timing = timing;
  }

  /** How often in a row it has ended soon after it was started. */
  get inRow(): number {
    return this.#inRow;
  }

  /** It was started so short a time ago that it may still be coming up. */
  isYoung(nowMs: number): boolean {
    return this.#startedAtMs !== undefined && nowMs - this.#startedAtMs < this.#timing.upAfterMs;
  }

  /** How often it was started since it last ran for `steadyAfterMs`, or since its data are other ones. */
  vainStarts(nowMs: number): number {
    return this.#isSteady(nowMs) ? 0 : this.#vain;
  }

  started(nowMs: number): void {
    this.#startedAtMs = nowMs;
    this.#vain += 1;
  }

  ended(nowMs: number): void {
    if (this.#isSteady(nowMs)) this.#vain = 0;
    const { upAfterMs, firstPauseMs, longestPauseMs } = this.#timing;
    const came = this.#startedAtMs === undefined || nowMs - this.#startedAtMs >= upAfterMs;
    this.#inRow = came ? 0 : this.#inRow + 1;
    this.#startedAtMs = undefined;
    this.#notBeforeMs =
      this.#inRow === 0 ? nowMs : nowMs + Math.min(longestPauseMs, firstPauseMs * 2 ** (this.#inRow - 1));
  }

  /** What comes has nothing to do with what was. */
  forget(): void {
    this.#inRow = 0;
    this.#vain = 0;
    this.#notBeforeMs = Number.NEGATIVE_INFINITY;
  }

  /** 0 where it may be started now. */
  leftMs(nowMs: number): number {
    return Math.max(0, this.#notBeforeMs - nowMs);
  }

  #isSteady(nowMs: number): boolean {
    return this.#startedAtMs !== undefined && nowMs - this.#startedAtMs >= this.#timing.steadyAfterMs;
  }
}

type PauseTiming = Pick<MemberTiming, 'upAfterMs' | 'steadyAfterMs' | 'firstPauseMs' | 'longestPauseMs'>;
