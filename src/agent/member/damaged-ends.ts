import type { EndCause } from '../../cluster/own-member.ts';
import { DAMAGED } from '../../decide/damaged-ends.ts';

/** After a run of this length an end has nothing to do with the one before it. */
const STEADY_MS = 10 * 60_000;

/** Counts the ends in a row at which etcd has called its data damaged, or has found them to differ from its peers': both are not the same complaint. */
export class DamagedEnds {
  #inRow = 0;
  #differed = false;
  /** When the run began: where nobody told of it, since something else starts etcd again, when the one before it ended. */
  #fromMs: number | undefined;

  /** How many they are; since the agent was started. */
  get inRow(): number {
    return this.#inRow;
  }

  /** @param nowMs monotonic clock */
  started(nowMs: number): void {
    this.#fromMs = nowMs;
  }

  /** @param nowMs monotonic clock */
  ended(cause: EndCause, nowMs: number): void {
    const wasSteady = this.#fromMs !== undefined && nowMs - this.#fromMs >= STEADY_MS;
    this.#fromMs = nowMs;
    const differs = cause === 'data-differs';
    const isNew = wasSteady || differs !== this.#differed;
    this.#differed = differs;
    if (!DAMAGED.has(cause)) this.#inRow = 0;
    else this.#inRow = isNew ? 1 : this.#inRow + 1;
  }

  /** The data are other ones. */
  forget(): void {
    this.#inRow = 0;
  }
}
