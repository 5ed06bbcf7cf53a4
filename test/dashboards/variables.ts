import type { DashboardFile } from './dashboard-files.ts';
import type { Labels, Prometheus } from './prometheus.ts';

/** The value of each variable, as it is put into a query. */
export type Values = Readonly<Record<string, string>>;

/** Grafana's own. The first is longer than the pause between two of what agents measure by themselves. */
const BUILT_IN: Values = { __rate_interval: '20s', __range: '1m' };

/** A query as it is sent: with a value for every variable. Throws where one has none. */
export function filledIn(expr: string, values: Values): string {
  const known: Values = { ...BUILT_IN, ...values };
  // `$1` is a group of label_replace, and no variable.
  return expr.replace(/\$\{?([a-z_]+)\}?/gi, (whole, name: string) => {
    const value = known[name];
    if (value === undefined) throw new Error(`${whole} is no variable of the dashboard, in ${expr}`);
    return value;
  });
}

/**
 * What Grafana would offer for the queried variables of a dashboard, one after the other, with those that are given already.
 * Where a variable takes several values, all of them as one pattern.
 */
export async function offered(dashboard: DashboardFile, given: Values, prometheus: Prometheus): Promise<Values> {
  let values: Values = given;
  for (const { type, name, definition = '', regex } of dashboard.templating.list) {
    if (type !== 'query' || name in given) continue;
    const options = await optionsOf(filledIn(definition, values), regex, prometheus);
    values = { ...values, [name]: options.join('|') };
  }
  return values;
}

/** The options of one variable, in the two forms of query that the dashboards use. */
async function optionsOf(query: string, regex: string | undefined, prometheus: Prometheus): Promise<readonly string[]> {
  const labelValues = /^label_values\((.+), (\w+)\)$/.exec(query);
  if (labelValues !== null) {
    const [, selector = '', label = ''] = labelValues;
    return [...new Set((await prometheus.query(selector)).map((labels) => labels[label] ?? ''))];
  }
  const result = /^query_result\((.+)\)$/.exec(query);
  if (result === null) throw new Error(`a query of a variable in a form that this test does not know: ${query}`);
  const pattern = new RegExp((regex ?? '/(.*)/').slice(1, -1));
  return (await prometheus.query(result[1] ?? '')).map((labels) => pattern.exec(asText(labels))?.[1] ?? '');
}

/** A series as Grafana shows it to the pattern of a variable. */
function asText(labels: Labels): string {
  const inner = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return `{${inner.join(',')}} 1 1700000000000`;
}
