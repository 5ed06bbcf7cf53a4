import { AgentError } from '../cluster/agent-error.ts';
import type { KeptLease } from '../etcd/kept-lease.ts';
import type { TxnCompare } from '../etcd/txn.ts';
import type { Term } from '../journal/term.ts';

/** How a term that stands on a spare epoch begins. */
export interface SpareTermStart {
  readonly epoch: bigint;
  readonly holder: string;
  readonly guard: readonly TxnCompare[];
  /** The own key of the spare epoch, which is gone; or one that never was. */
  readonly ownKey: Buffer;
  /** Indexes of the steps that are there; absent: the term stands on the lease alone, and its steps consume nothing. */
  readonly steps?: readonly number[];
  /** At which the claim was made. */
  readonly revision: bigint;
  /** When the claim was sent, by the monotonic clock. */
  readonly sentAtMs: number;
  /** `lead.ttl`, or that by which the spare epoch goes where it is shorter. */
  readonly ttlMs: number;
  /** The agent's lease, where it has one. */
  readonly lease?: KeptLease;
  /** The term by lease, where it leads by lease too. */
  readonly parent?: Term;
}

/**
 * The term of whoever has claimed a spare epoch, while nothing can be written. It is held for `ttlMs` from when its last
 * successful transaction was sent, and not longer than the lease; whoever wants to take it over waits longer than that.
 * Whoever claimed it ends it.
 */
export class SpareTerm implements Term, Disposable {
  readonly epoch: bigint;
  readonly holder: string;
  readonly guard: readonly TxnCompare[];
  readonly ownKey: Buffer;
  /** At which it was claimed: orders what is done under it in the history. */
  readonly revision: bigint;
  readonly lease: KeptLease | undefined;
  /** For so long it is held without a sign. */
  readonly ttlMs: number;
  readonly #parent: Term | undefined;
  /** Its steps consume nothing: the spare epochs are used up, and it stands on the lease alone. */
  readonly stepless: boolean;
  readonly #steps: number[];
  readonly #lost = new AbortController();
  readonly #follow = (event: Event): void => {
    this.#stop(event.target instanceof AbortSignal ? event.target.reason : undefined);
  };
  #deadlineMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(start: SpareTermStart) {
    const { epoch, holder, guard, ownKey, revision, steps, sentAtMs, ttlMs, lease, parent } = start;
    this.epoch = epoch;
    this.holder = holder;
    this.guard = guard;
    this.ownKey = ownKey;
    this.revision = revision;
    this.lease = lease;
    this.stepless = steps === undefined;
    this.#steps = [...(steps ?? [])];
    this.ttlMs = ttlMs;
    this.#parent = parent;
    this.refreshed(sentAtMs);
    for (const signal of [lease?.lost, parent?.lost]) {
      if (signal?.aborted === true) this.#stop(signal.reason);
      else signal?.addEventListener('abort', this.#follow, { once: true });
    }
  }

  get held(): boolean {
    const { lease } = this;
    return (
      !this.#lost.signal.aborted &&
      performance.now() < this.#deadlineMs &&
      lease?.held !== false &&
      this.#parent?.held !== false
    );
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Takes the step that is consumed next, so that nobody else in this process does; undefined when all are used up. */
  takeStep(): number | undefined {
    return this.#steps.shift();
  }

  /** Gives back a step that was not consumed after all. */
  returnStep(index: number): void {
    this.#steps.unshift(index);
  }

  /** Takes note that a guarded transaction has succeeded. @param sentAtMs when it was sent, by the monotonic clock */
  refreshed(sentAtMs: number): void {
    if (this.#lost.signal.aborted) return;
    this.#deadlineMs = sentAtMs + this.ttlMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.end('nothing was done under it for too long'),
      Math.max(0, this.#deadlineMs - performance.now()),
    );
  }

  /** Ends it. @param reason why, for people */
  end(reason: string): void {
    const message = `The term of spare epoch ${this.epoch} is over: ${reason}.`;
    this.#stop(new AgentError('TERM_LOST', message, { remedy: 'Nothing: the next spare epoch is claimed.' }));
  }

  [Symbol.dispose](): void {
    this.end('it was given up');
  }

  #stop(reason: unknown): void {
    clearTimeout(this.#timer);
    for (const signal of [this.lease?.lost, this.#parent?.lost]) signal?.removeEventListener('abort', this.#follow);
    this.#lost.abort(reason);
  }
}
