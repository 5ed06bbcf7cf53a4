import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { type HealthySeries, healthyCluster, targetLabels } from './healthy.ts';
import { promtoolValues } from './values.ts';

const change = z.strictObject({
  /** A metric, with labels that have to be there: `name{label="value"}`; `*`: everything on the page. What is not there is added. */
  series: z.string(),
  /** Of these members; all of them where left out. */
  on: z.array(z.string()).optional(),
  /** Only for `*`: everything of the agent, or of etcd. */
  page: z.enum(['agent', 'etcd']).optional(),
  values: z.coerce.string(),
});

const firing = z.strictObject({
  labels: z.record(z.string(), z.string()),
  summary: z.string(),
  description: z.string(),
});

const alertCase = z.strictObject({
  it: z.string(),
  members: z.number().default(3),
  /** The label `cluster` of the targets; empty: they have none. */
  cluster: z.string().default('prod'),
  /** Another cluster of three, healthy, that the same Prometheus scrapes. */
  beside: z.string().optional(),
  change: z.array(change).default([]),
  /** Minutes from the beginning. */
  at: z.number(),
  /** Every page and ticket that fires then. */
  firing: z.record(z.string(), z.array(firing).min(1)).default({}),
  /** Pages and tickets that have fired before, and have ended by then. */
  ended: z.array(z.string()).default([]),
});

const caseFile = z.strictObject({
  rules: z.string(),
  /** Only these groups of the rules, and what all of them stand on; left out: all. */
  groups: z.array(z.string()).optional(),
  /** How often the rules are evaluated: long stretches need not be looked at every minute. */
  every: z.string().default('1m'),
  cases: z.array(alertCase),
});

/** A cluster that is healthy but for some changes, and what fires then. */
export type AlertCase = z.infer<typeof alertCase>;

/** The cases of one group of alerts. */
export interface CaseFile {
  readonly file: string;
  /** The file of rules in `alerts/`. */
  readonly rules: string;
  readonly groups?: readonly string[] | undefined;
  readonly every: string;
  readonly cases: readonly AlertCase[];
}

/** All cases. Throws for a file that is none. */
export function readCases(): readonly CaseFile[] {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.yaml'));
  return files.sort().map((file) => {
    const text = readFileSync(join(import.meta.dirname, file), 'utf8');
    return { file, ...caseFile.parse(parse(text)) };
  });
}

/** The cases as a file for `promtool test rules`. @param rulesFile has the groups that they are about @param groups their names, in order */
export function promtoolTests(
  { every, cases }: CaseFile,
  { rulesFile, groups }: { readonly rulesFile: string; readonly groups: readonly string[] },
  runbooks: string,
): object {
  return {
    rule_files: [rulesFile],
    evaluation_interval: every,
    // Else each evaluation has an order of its own, and a group sees the others' series as of then or of the one before.
    group_eval_order: groups,
    tests: cases.map((each) => promtoolTest(each, runbooks)),
  };
}

function promtoolTest(
  { it, members, cluster, beside, change: changes, at, firing: fires, ended }: AlertCase,
  runbooks: string,
): object {
  const names = Array.from({ length: members }, (_, index) => `m${index + 1}`);
  const others = beside === undefined ? [] : inCluster(healthyCluster(['m1', 'm2', 'm3']), beside);
  const series = changes.reduce<readonly HealthySeries[]>(
    (all, each) => changed(all, each, names),
    healthyCluster(names),
  );
  return {
    name: it,
    interval: '1m',
    input_series: [...inCluster(series, cluster), ...others].map(({ metric, labels, values }) => ({
      series: `${metric}${labelText(labels)}`,
      values: promtoolValues(values, at),
    })),
    alert_rule_test: Object.entries(fires).map(([alertname, alerts]) => ({
      alertname,
      eval_time: `${at}m`,
      exp_alerts: alerts.map(({ labels, summary, description }) => ({
        exp_labels: labels,
        exp_annotations: { summary, description, runbook_url: `${runbooks}/${alertname}.md` },
      })),
    })),
    promql_expr_test: [
      {
        expr: 'count by (alertname) (ALERTS{alertstate="firing", severity=~"page|ticket"})',
        eval_time: `${at}m`,
        exp_samples: Object.entries(fires)
          .filter(([, alerts]) => alerts.some(({ labels }) => labels['severity'] !== 'none'))
          .map(([alertname, alerts]) => ({ labels: labelText({ alertname }), value: alerts.length })),
      },
      {
        // Not only at the end: what fires and ends before has woken somebody too.
        expr: `group by (alertname) (count_over_time(ALERTS{alertstate="firing", severity=~"page|ticket"}[${at}m]))`,
        eval_time: `${at}m`,
        exp_samples: [
          ...Object.entries(fires)
            .filter(([, alerts]) => alerts.some(({ labels }) => labels['severity'] !== 'none'))
            .map(([name]) => name),
          ...ended,
        ].map((alertname) => ({ labels: labelText({ alertname }), value: 1 })),
      },
    ],
  };
}

/** Without a label of the target the agent's own is not moved aside. */
function inCluster(all: readonly HealthySeries[], cluster: string): readonly HealthySeries[] {
  return all.map((series) => {
    const { cluster: _, exported_cluster: own, ...labels } = series.labels;
    if (cluster === '') return { ...series, labels: { ...labels, ...(own === undefined ? {} : { cluster: own }) } };
    return { ...series, labels: { ...series.labels, cluster } };
  });
}

/** Throws for an addition of everything. */
function changed(
  all: readonly HealthySeries[],
  { series, on, page, values }: z.infer<typeof change>,
  members: readonly string[],
): readonly HealthySeries[] {
  const [, name = series, inner = ''] = /^([^{]+)\{(.*)\}$/.exec(series) ?? [];
  const labels = Object.fromEntries(
    [...inner.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', value = '']) => [label, value]),
  );
  const affected = new Set(on ?? members);
  const isMeant = (each: HealthySeries): boolean => {
    const isOfPage = page === undefined || each.metric.startsWith('etcd_caretaker_') === (page === 'agent');
    const hasLabels = Object.entries(labels).every(([label, value]) => each.labels[label] === value);
    return affected.has(each.member) && isOfPage && hasLabels && (name === '*' || each.metric === name);
  };
  if (all.some(isMeant)) {
    return all.map((each) => (isMeant(each) ? { ...each, values: valuesOf(each.values, values) } : each));
  }
  if (name === '*') throw new Error(`nothing is meant by ${series} of ${[...affected].join(', ')}`);
  const added = [...affected].map((member) => ({
    ...{ metric: name, member, values },
    labels: { ...labels, ...targetLabels(name, member) },
  }));
  return [...all, ...added];
}

/** `5m gone` leaves what was before that minute as it was; `8m back` begins again with it, as after a restart. */
function valuesOf(before: string, values: string): string {
  const written = values.replace(/\bback\b/g, before.split(',')[0] ?? '');
  return /^\s*[1-9]\d*m /.test(written) ? `${before}, ${written}` : written;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(', ')}}`;
}
