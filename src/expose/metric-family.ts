import type { Observation } from '../cluster/observation.ts';
import type { Histogram } from '../cluster/sections.ts';

/** One sample of a gauge or a counter, or one series of a histogram. */
export interface MetricSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | Histogram;
}

/**
 * A metric as data: what it means and how it is read from an observation. Nothing is accumulated outside the
 * observation, so a label set that is no longer observed is gone from the next scrape.
 */
export interface MetricFamily {
  /** Without the `etcd_caretaker_` prefix. */
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly labels: readonly string[];
  readonly read: (observation: Observation) => readonly MetricSeries[];
}
