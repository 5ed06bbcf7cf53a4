import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { DATASOURCE } from './datasource.ts';

/** One query of a panel. */
export interface Query {
  /** PromQL; may hold the variables of the dashboard and `$__rate_interval`. */
  readonly expr: string;
  /** What its series are called: text with `{{label}}`. In a table: the title of its column. */
  readonly legend: string;
}

/** How the answer of a query is put. */
export type Shape = 'series' | 'now' | 'buckets' | 'rows';

const FORMATS: Readonly<Record<Shape, PromQueryFormat>> = {
  series: PromQueryFormat.TimeSeries,
  now: PromQueryFormat.TimeSeries,
  buckets: PromQueryFormat.Heatmap,
  rows: PromQueryFormat.Table,
};

/** The letter by which Grafana knows the query with this number: A to Z. */
export function refId(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index);
}

/** `series` and `buckets` over the time range; `now` and `rows` only at its end. */
export function prometheusQuery({ expr, legend }: Query, index: number, shape: Shape): DataqueryBuilder {
  const query = new DataqueryBuilder()
    .datasource(DATASOURCE)
    .refId(refId(index))
    .expr(expr)
    .legendFormat(legend)
    .format(FORMATS[shape]);
  return shape === 'series' || shape === 'buckets' ? query.range() : query.instant();
}
