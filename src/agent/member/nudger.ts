import { setTimeout as sleep } from 'node:timers/promises';
import type { OwnMemberView } from '../../cluster/own-member.ts';
import { News } from '../caretaker/news.ts';

/** The pause after the first telling, which is also the shortest; twice as long after each further one, */
const FIRST_PAUSE_MS = 1000;
/** up to this. Then the leader has long seen it in a round of its own. */
const LONGEST_PAUSE_MS = 8000;
/** While there is nothing to tell it is the change that wakes it. */
const IDLE_MS = 3_600_000;

export interface NudgerOptions {
  /** What there is for the leader to look at, in a word; undefined where there is nothing. */
  readonly what: () => string | undefined;
  /** Tells everybody who may lead; never rejects, and ends with the signal. */
  readonly tell: (signal: AbortSignal) => Promise<void>;
  /** Default 1 s and 8 s. */
  readonly pauses?: { readonly firstMs: number; readonly longestMs: number };
}

/**
 * Has the leader look at this member at once, when there is something that it has to deal with. It says no more than that: what
 * there is the leader reads as in any of its rounds. What stands is told again, less and less often and four times in all, since a
 * nudge may be lost, or the leader be another one by now. Whoever starts it disposes of it.
 */
export class Nudger implements AsyncDisposable {
  readonly #options: NudgerOptions;
  readonly #news = new News();
  readonly #ending = new AbortController();
  #working: Promise<void> | undefined;

  constructor(options: NudgerOptions) {
    this.#options = options;
  }

  /** Begins; never rejects. */
  start(): void {
    this.#working ??= this.#work();
  }

  /** What there is to tell may have changed. */
  look(): void {
    this.#news.tell();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#working;
  }

  async #work(): Promise<void> {
    const { what, tell, pauses = { firstMs: FIRST_PAUSE_MS, longestMs: LONGEST_PAUSE_MS } } = this.#options;
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const now = what();
      let pauseMs = pauses.firstMs;
      while (now !== undefined && what() === now && pauseMs <= pauses.longestMs && !signal.aborted) {
        await tell(signal);
        await this.#pause(pauseMs, () => what() !== now);
        pauseMs *= 2;
      }
      while (what() === now && !signal.aborted) await this.#news.next(IDLE_MS, signal);
    }
  }

  /** The shortest pause is kept whatever happens; a longer one ends when something else is to be told. */
  async #pause(pauseMs: number, isOver: () => boolean): Promise<void> {
    const { signal } = this.#ending;
    const { firstMs } = this.#options.pauses ?? { firstMs: FIRST_PAUSE_MS };
    const untilMs = performance.now() + pauseMs;
    await sleep(firstMs, undefined, { signal }).catch(() => undefined);
    while (!signal.aborted && !isOver() && performance.now() < untilMs) {
      await this.#news.next(untilMs - performance.now(), signal);
    }
  }
}

/**
 * What the leader has to deal with, in a word: the member does not run, and its data are gone or broken. A process that has ended
 * with its data intact is for its own agent to start again. Data that were never here are told only where the member list has a member
 * that would be theirs, or an agent that wants to join.
 */
export function worthNudging({ process, dataDir, bootstrapped, boot }: OwnMemberView): string | undefined {
  if (process.state !== 'stopped') return undefined;
  if (dataDir.state === 'corrupt') return 'corrupt';
  return dataDir.state === 'empty' && (bootstrapped || boot?.action === 'join') ? 'empty' : undefined;
}
