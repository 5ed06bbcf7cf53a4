import type { NotifyCount } from '../../cluster/caretaking-view.ts';
import type { Fault } from '../../cluster/observation.ts';
import { type Attempt, postOnce } from './post.ts';

/** How patiently a receiver is told. */
export interface Patience {
  /** How long one attempt may take. */
  readonly timeoutMs: number;
  /** The wait after the first failure; it doubles with each further one. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** An event that has waited for so long is dropped. */
  readonly giveUpMs: number;
  /** More events than this do not wait: the oldest is dropped. */
  readonly mostWaiting: number;
}

/** Of whom something is told: the kind, and the host, which is all of a URL that may be shown. */
export interface ReceiverName {
  readonly kind: NotifyCount['receiver'];
  readonly host: string;
}

export interface ReceiverOptions extends ReceiverName {
  readonly url: URL;
  readonly patience: Patience;
  /** An attempt failed. */
  readonly onFault: (receiver: ReceiverName, fault: Fault) => void;
  /** It has been told again after failures. */
  readonly onRecovery: (receiver: ReceiverName) => void;
}

interface Waiting {
  readonly message: unknown;
  readonly sinceMs: number;
}

/**
 * Tells one receiver of events, in their order and one at a time: what fails is tried again until it succeeds or is too
 * old, and what follows waits. Owned by the notifier.
 */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #waiting: Waiting[] = [];
  readonly #end = new AbortController();
  #working: Promise<void> | undefined;
  #underWay: Waiting | undefined;
  #closing = false;
  #wake: (() => void) | undefined;
  #failures = 0;
  #dropped = 0;
  #failing = 0;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /** Attempts that failed, and events that never arrived. */
  get counts(): NotifyCount {
    return { receiver: this.#options.kind, failures: this.#failures, dropped: this.#dropped };
  }

  /** Takes a message; returns at once and never throws. */
  push(message: unknown): void {
    if (this.#closing) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push({ message, sinceMs: performance.now() });
    if (this.#waiting.length > this.#options.patience.mostWaiting) {
      // What is being sent at this moment may arrive: the next oldest goes.
      this.#waiting.splice(this.#underWay === this.#waiting[0] ? 1 : 0, 1);
      this.#dropped += 1;
    }
    this.#working ??= this.#work();
  }

  /** Tries everything that waits once more, for `graceMs` at most, and lets go. Never rejects. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    this.#wake?.();
    const timer = setTimeout(() => this.#end.abort(), graceMs);
    await this.#working;
    clearTimeout(timer);
    this.#end.abort();
    this.#dropped += this.#waiting.splice(0).length;
  }

  async #work(): Promise<void> {
    const { patience, url } = this.#options;
    const { signal } = this.#end;
    for (let next = this.#waiting[0]; next !== undefined && !signal.aborted; next = this.#waiting[0]) {
      this.#underWay = next;
      const attempt = await postOnce(url, next.message, { timeoutMs: patience.timeoutMs, signal });
      this.#underWay = undefined;
      if (this.#settle(next, attempt)) {
        this.#remove(next);
      } else {
        await this.#wait();
      }
    }
    // Here and not when the promise is settled: what is pushed in between would wait for nobody.
    this.#working = undefined;
  }

  /** Counts an attempt; whether its event is done with. */
  #settle({ sinceMs }: Waiting, attempt: Attempt): boolean {
    const { patience, onFault, onRecovery, kind, host } = this.#options;
    if (attempt.delivered) {
      if (this.#failing > 0) onRecovery({ kind, host });
      this.#failing = 0;
      return true;
    }
    this.#failures += 1;
    this.#failing += 1;
    onFault({ kind, host }, attempt.fault);
    const isLast = !attempt.again || this.#closing || performance.now() - sinceMs >= patience.giveUpMs;
    if (isLast) this.#dropped += 1;
    return isLast;
  }

  #remove(done: Waiting): void {
    const index = this.#waiting.indexOf(done);
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  /** The wait before the next attempt; ends early when the receiver closes. */
  async #wait(): Promise<void> {
    if (this.#closing) return;
    const { firstWaitMs, longestWaitMs } = this.#options.patience;
    const fullMs = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(this.#failing - 1, 30));
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    // Agents that fail together do not come back together.
    const timer = setTimeout(resolve, fullMs * (0.5 + Math.random() / 2));
    await promise;
    clearTimeout(timer);
    this.#wake = undefined;
  }
}
