/** So many nudges in quick succession are heeded: what befalls one member takes two or three. */
const MOST = 4;

/** One more is heeded after so long: half of the pace at which a leader decides by itself, so that a flood costs half as much again. */
const ONE_MORE_MS = 5000;

/**
 * How many nudges an agent that leads still heeds. A nudge has it look and decide at once; whoever sends more than this gets nothing
 * by it, and what was not heeded is seen in the next round of the leader's own.
 */
export class NudgeBudget {
  #left = MOST;
  #filledAtMs = Number.NEGATIVE_INFINITY;

  /** Takes one from what is left; false where nothing is. @param nowMs monotonic */
  take(nowMs: number): boolean {
    const gained = Math.floor((nowMs - this.#filledAtMs) / ONE_MORE_MS);
    if (gained >= MOST - this.#left) {
      this.#left = MOST;
      this.#filledAtMs = nowMs;
    } else if (gained > 0) {
      this.#left += gained;
      this.#filledAtMs += gained * ONE_MORE_MS;
    }
    if (this.#left === 0) return false;
    this.#left -= 1;
    return true;
  }
}
