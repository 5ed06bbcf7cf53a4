import type { Canary, CanaryOperation, CanaryOutcome } from '../../cluster/sections.ts';
import { HistogramRecorder } from '../histogram-recorder.ts';
import type { Judgement } from './outcome.ts';

/** 1 ms to 5 s, with an edge at the bound of 500 ms that is the default. */
const edgesSeconds: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Counts the requests of one canary. */
export class Tally {
  readonly operation: CanaryOperation;
  readonly #outcomes: Record<CanaryOutcome, number> = { succeeded: 0, slow: 0, failed: 0 };
  readonly #latency = new HistogramRecorder(edgesSeconds);
  #discarded = 0;
  #last: Judgement | undefined;

  constructor(operation: CanaryOperation) {
    this.operation = operation;
  }

  /** Takes in how one request went, and how long it took. */
  note(judgement: Judgement, seconds: number): void {
    const { outcome } = judgement;
    this.#last = judgement;
    if (outcome === 'off') return;
    if (outcome === 'discarded') this.#discarded += 1;
    else this.#outcomes[outcome] += 1;
    if (outcome === 'succeeded' || outcome === 'slow') this.#latency.record(seconds);
  }

  /** A copy that later requests do not change. */
  snapshot(): Canary {
    const { outcome, fault } = this.#last ?? {};
    return {
      operation: this.operation,
      outcomes: { ...this.#outcomes },
      discarded: this.#discarded,
      latency: this.#latency.snapshot(),
      ...(outcome === 'off' ? { off: fault?.message ?? 'it is not allowed' } : {}),
      ...(fault === undefined ? {} : { fault }),
    };
  }
}
