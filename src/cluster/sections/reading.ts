/** A cumulative histogram. `counts[i]` counts the samples <= `edges[i]` (cumulative); `count` counts all of them. */
export interface Histogram {
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
  readonly count: number;
}

/** Something that a person should know, with what to do. */
export interface Finding {
  readonly code: string;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly message: string;
  readonly remedy: string;
}
