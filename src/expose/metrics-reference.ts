import { metricGroups } from './metrics/list.ts';
import { metricPrefix } from './registry.ts';
import { selfMetrics } from './self-metrics.ts';

interface Row {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** The reference of all metrics in Markdown: `docs/metrics.md`. */
export function metricsReference(): string {
  const groups = metricGroups.map(({ title, families }) =>
    section(
      title,
      families.map((family) => ({ ...family, name: `${metricPrefix}${family.name}` })),
    ),
  );
  const self = section(
    "The agent's own process",
    selfMetrics.map((metric) => ({ ...metric, labels: [] })),
  );
  return `${[intro, ...groups, self].join('\n\n')}\n`;
}

const intro = `# Metrics

Everything on the page \`/metrics\` of an agent. Generated from the code by \`npm run docs:metrics\`.

A metric whose collector failed is absent until it works again; \`${metricPrefix}collector_success\` says which one did.
Sizes are bytes, durations and times are seconds, ratios go from 0 to 1. Sums over all agents count the cluster once per
agent: each one sees all members.`;

function section(title: string, rows: readonly Row[]): string {
  const lines = rows.map(
    ({ name, type, labels, help }) =>
      `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help.replaceAll('|', '\\|')} |`,
  );
  return [`## ${title}`, '', '| metric | type | labels | meaning |', '|---|---|---|---|', ...lines].join('\n');
}
