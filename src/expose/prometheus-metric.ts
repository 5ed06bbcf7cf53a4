import { Counter, Gauge, Histogram, type Registry, type RegistryContentType } from 'prom-client';
import type { Histogram as Counts } from '../cluster/sections.ts';
import type { MetricSeries } from './metric-family.ts';

/** A metric under its whole name, and where its series come from. */
export interface NamedMetric {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly labels: readonly string[];
  readonly read: () => readonly MetricSeries[];
}

/** One line of the page, as prom-client takes it. */
interface Line {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const kinds = { gauge: Gauge, counter: Counter, histogram: Histogram };

/**
 * Registers a metric whose series are read anew for every page. prom-client's own storage is not used: it would keep
 * label sets that are no longer observed, and a histogram cannot be set to counts that were made elsewhere.
 */
export function registerMetric(registry: Registry<RegistryContentType>, named: NamedMetric): void {
  const { name, help, type, labels } = named;
  const metric = new kinds[type]({ name, help, labelNames: labels, registers: [registry] });
  const get = async function (this: { readonly name: string }): Promise<object> {
    // The registry itself takes `_total` off a counter's name for OpenMetrics, so the name is asked of the metric.
    return { name: this.name, help, type, values: linesOf(named) };
  };
  // A histogram is asked by the second name.
  Object.assign(metric, { get, getForPromString: get });
}

function linesOf({ name, type, labels: names, read }: NamedMetric): readonly Line[] {
  return distinct(read(), names).flatMap(({ labels, value }): readonly Line[] => {
    if (typeof value === 'object') {
      return histogramLines(name, labels, value);
    }
    // A number that is not one says nothing. And a gauge may be infinite, a counter may not.
    const unknown = Number.isNaN(value) || (type === 'counter' && !Number.isFinite(value));
    return unknown ? [] : [{ labels, value }];
  });
}

function histogramLines(
  name: string,
  labels: Readonly<Record<string, string>>,
  { edges, counts, sum, count }: Counts,
): readonly Line[] {
  return [
    ...edges.map((edge, i) => ({
      metricName: `${name}_bucket`,
      labels: { ...labels, le: canonicalEdge(edge) },
      value: counts[i] ?? 0,
    })),
    { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count },
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}

/** Edges as floats in both formats, `1.0` and not `1`, so that a series keeps its name whichever one is scraped. */
function canonicalEdge(edge: number): string {
  return Number.isInteger(edge) ? edge.toFixed(1) : String(edge);
}

/** Without series whose labels another one has already: Prometheus would drop them, and some of its parsers the page. */
function distinct(series: readonly MetricSeries[], names: readonly string[]): readonly MetricSeries[] {
  if (series.length < 2) {
    return series;
  }
  const seen = new Set<string>();
  return series.filter(({ labels }) => {
    const key = JSON.stringify(names.map((name) => labels[name]));
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}
