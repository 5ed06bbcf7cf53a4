import { formatBytes, formatCount, formatSpan } from '../units.ts';

/** How far something is, in bytes or pieces. */
export interface Progress {
  /** `reading`, `replaying` */
  readonly what: string;
  readonly done: number;
  readonly total: number;
  readonly unit: 'bytes' | 'revisions' | 'keys' | 'step';
}

const DRAW_EVERY_MS = 100;
const BAR_CHARACTERS = 24;
/** Before that a rate means nothing. */
const RATE_AFTER_MS = 1000;
const CLEAR_LINE = '\r\x1b[2K';

/** One line on a terminal that shows how far something is; nothing anywhere else. */
export class ProgressBar implements Disposable {
  readonly #out: Pick<NodeJS.WriteStream, 'isTTY' | 'write' | 'columns'>;
  readonly #now: () => number;
  #what = '';
  #sinceMs = 0;
  #doneBefore = 0;
  #drawnAtMs = Number.NEGATIVE_INFINITY;
  #drawn = false;

  constructor(
    out: Pick<NodeJS.WriteStream, 'isTTY' | 'write' | 'columns'> = process.stderr,
    now = () => performance.now(),
  ) {
    this.#out = out;
    this.#now = now;
  }

  /** Draws, at most ten times a second. */
  show(progress: Progress): void {
    if (this.#out.isTTY !== true) return;
    const nowMs = this.#now();
    if (progress.what !== this.#what) {
      this.#what = progress.what;
      this.#sinceMs = nowMs;
      this.#doneBefore = progress.done;
    } else if (nowMs - this.#drawnAtMs < DRAW_EVERY_MS) return;
    this.#drawnAtMs = nowMs;
    this.#drawn = true;
    const line = progressLine(progress, progress.done - this.#doneBefore, nowMs - this.#sinceMs);
    this.#out.write(`${CLEAR_LINE}${line.slice(0, Math.max(20, (this.#out.columns ?? 80) - 1))}`);
  }

  /** Takes the line away. */
  [Symbol.dispose](): void {
    if (this.#drawn) this.#out.write(CLEAR_LINE);
    this.#drawn = false;
  }
}

/** The line: a bar, how much of how much, the rate and the time left. @param inMs how long `doneNow` of it took */
export function progressLine({ what, done, total, unit }: Progress, doneNow: number, inMs: number): string {
  if (unit === 'step') return `${what} …`;
  const ratio = total === 0 ? 1 : Math.min(1, done / total);
  const filled = Math.round(ratio * BAR_CHARACTERS);
  const bar = `${'#'.repeat(filled)}${'-'.repeat(BAR_CHARACTERS - filled)}`;
  const amount = (n: number): string => (unit === 'bytes' ? formatBytes(n) : formatCount(Math.round(n)));
  const parts = [`${what} [${bar}] ${amount(done)} of ${amount(total)}${unit === 'bytes' ? '' : ` ${unit}`}`];
  if (inMs >= RATE_AFTER_MS && doneNow > 0) {
    const perSecond = (doneNow * 1000) / inMs;
    parts.push(`${amount(perSecond)}/s`, `${formatSpan(Math.ceil(Math.max(0, total - done) / perSecond))} left`);
  }
  return parts.join(', ');
}
