import type { Histogram } from '../cluster/sections.ts';

/** Edges of the agent's own latency probes, in seconds: 0.25 ms to 1 s (field practice: etcd's own start at 1 ms). */
export const probeEdgesSeconds: readonly number[] = [
  0.00025, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1,
];

/** Counts samples into a cumulative histogram with fixed edges. */
export class HistogramRecorder {
  readonly #edges: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  /** @param edges upper bounds, ascending; +Inf is implied. */
  constructor(edges: readonly number[]) {
    this.#edges = edges;
    this.#counts = edges.map(() => 0);
  }

  /** Adds one sample, in the unit of the edges. */
  record(value: number): void {
    this.#sum += value;
    this.#count += 1;
    for (let i = this.#edges.length - 1; i >= 0 && value <= (this.#edges[i] ?? Number.NaN); i -= 1) {
      this.#counts[i] = (this.#counts[i] ?? 0) + 1;
    }
  }

  /** A copy that later samples do not change. */
  snapshot(): Histogram {
    return { edges: this.#edges, counts: [...this.#counts], sum: this.#sum, count: this.#count };
  }
}
