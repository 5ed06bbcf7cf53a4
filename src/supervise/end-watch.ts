import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessEnd } from '../cluster/own-member.ts';

/** What one look at a process that somebody else starts and restarts has found. */
export type Glimpse =
  /** `run` names this run of the process: another one has another. */
  | { readonly state: 'running'; readonly run: string }
  /** It has ended, and whoever restarts it is about to. */
  | { readonly state: 'between'; readonly how: string; readonly atMs?: number }
  | { readonly state: 'ended'; readonly how: string; readonly atMs?: number }
  | { readonly state: 'unknown' };

/** Tells from how a run has ended, and from the log of that run where there is one, why. */
export type ExplainEnd = (how: string, logTail: string) => Pick<ProcessEnd, 'cause' | 'evidence' | 'differsFrom'>;

/** What is known without a log: SIGTERM and exit code 0 are somebody's wish, SIGKILL explains itself. */
export function plainCause(how: string): Pick<ProcessEnd, 'cause'> {
  if (how === 'SIGTERM' || how === 'exit code 0') return { cause: 'asked' };
  return { cause: how === 'SIGKILL' ? 'killed' : 'unknown' };
}

/** What the watch is given. */
export interface EndWatchOptions {
  readonly look: (signal: AbortSignal) => Promise<Glimpse>;
  /** Why a run has ended; `run` is undefined where it was never seen running. Never rejects. */
  readonly explain: (
    how: string,
    run: string,
    signal: AbortSignal,
  ) => Promise<Pick<ProcessEnd, 'cause' | 'evidence' | 'differsFrom'>>;
  readonly intervalMs: number;
}

/**
 * Notices by looking every `intervalMs` that a process has ended which is not a child of the agent. Each end is told once: when
 * the process is there again as another run, or when nobody restarts it. It looks only while somebody listens.
 */
export class EndWatch implements AsyncDisposable {
  readonly #options: EndWatchOptions;
  readonly #listeners = new Set<(end: ProcessEnd) => void>();
  readonly #disposed = new AbortController();
  #loop: Promise<void> | undefined;
  #run: string | undefined;
  #seenEnd: { readonly how: string; readonly atMs?: number } | undefined;
  #expected = false;

  constructor(options: EndWatchOptions) {
    this.#options = options;
  }

  /** Calls back at each end that nobody has announced. Gives a function that ends it. */
  onEnd(listener: (end: ProcessEnd) => void): () => void {
    this.#listeners.add(listener);
    this.#loop ??= this.#follow();
    return () => this.#listeners.delete(listener);
  }

  /** A run that was just started: its end is noticed even when no look has seen it. */
  begun(run: string): void {
    this.#expected = false;
    this.#run = run;
    this.#seenEnd = undefined;
  }

  /** The process is about to be stopped: that is not told, nor anything until `begun`. */
  expectEnd(): void {
    this.#expected = true;
    this.#run = undefined;
    this.#seenEnd = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listeners.clear();
    this.#disposed.abort();
    await this.#loop;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#disposed;
    while (!signal.aborted) {
      // A look that fails says nothing of the process; the next one comes in a moment.
      if (this.#listeners.size > 0) await this.#round(signal).catch(() => undefined);
      await sleep(this.#options.intervalMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    const before = this.#run;
    const glimpse = await this.#options.look(signal);
    // What was begun or stopped meanwhile makes the look one of yesterday.
    if (this.#expected || this.#run !== before) return;
    switch (glimpse.state) {
      case 'running':
        if (before !== undefined && before !== glimpse.run) await this.#tell(before, signal);
        else this.#seenEnd = undefined;
        if (!this.#expected) this.#run = glimpse.run;
        return;
      case 'between':
        if (before !== undefined) this.#seenEnd = glimpse;
        return;
      case 'ended':
        if (before === undefined) return;
        this.#seenEnd = glimpse;
        this.#run = undefined;
        await this.#tell(before, signal);
        return;
      case 'unknown':
        return;
    }
  }

  async #tell(run: string, signal: AbortSignal): Promise<void> {
    const { how, atMs } = this.#seenEnd ?? { how: 'unknown' };
    this.#seenEnd = undefined;
    const why = await this.#options.explain(how, run, signal);
    const end: ProcessEnd = { how, ...why, atMs: atMs ?? Date.now() };
    for (const listener of this.#listeners) listener(end);
  }
}
