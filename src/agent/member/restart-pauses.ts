import type { MemberTiming } from './options.ts';

/** How long to wait before a process that keeps ending is started again: not at all the first time, then longer and longer. */
export class RestartPauses {
  readonly #timing: Pick<MemberTiming, 'upAfterMs' | 'firstPauseMs' | 'longestPauseMs'>;
  #startedAtMs: number | undefined;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #inRow = 0;

  constructor(timing: Pick<MemberTiming, 'upAfterMs' | 'firstPauseMs' | 'longestPauseMs'>) {
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

  started(nowMs: number): void {
    this.#startedAtMs = nowMs;
  }

  ended(nowMs: number): void {
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
    this.#notBeforeMs = Number.NEGATIVE_INFINITY;
  }

  /** 0 where it may be started now. */
  leftMs(nowMs: number): number {
    return Math.max(0, this.#notBeforeMs - nowMs);
  }
}
