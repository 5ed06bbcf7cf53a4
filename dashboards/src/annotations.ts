import { AnnotationQueryBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { DATASOURCE } from './datasource.ts';

/** Something that happened, drawn over every graph of the dashboard. */
interface Happening {
  readonly name: string;
  /** Holds wherever it is above 0. */
  readonly expr: string;
  readonly color: string;
  /** May hold `{{label}}`. */
  readonly title: string;
  readonly text: string;
  /** Labels that become tags. */
  readonly tags: string;
}

function annotation({ name, expr, color, title, text, tags }: Happening): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor(color)
    .expr(expr)
    .step('30s')
    .titleFormat(title)
    .textFormat(text)
    .tagKeys(tags);
}

/**
 * What explains a bump: operations of the agents, elections, restarts of etcd, and alerts that page.
 *
 * @param cluster the matcher that chooses the clusters
 */
export function happenings(cluster: string): readonly AnnotationQueryBuilder[] {
  const ended = `sum by (cluster, operation, outcome) (etcd_caretaker_operations_total{${cluster}})`;
  const before = `sum by (cluster, operation, outcome) (etcd_caretaker_operations_total{${cluster}} offset $__rate_interval)`;
  return [
    annotation({
      name: 'Operations under way',
      expr: `max by (cluster, operation) (etcd_caretaker_operation_in_progress{${cluster}}) == 1`,
      color: 'blue',
      title: '{{operation}} is under way',
      text: 'An agent is at work in {{cluster}}: see `etcd-caretaker explain {{operation}}`.',
      tags: 'operation,cluster',
    }),
    annotation({
      name: 'Operations ended',
      // A counter appears with its first count, so that `increase` would miss it; many operations are shorter than a scrape interval.
      expr: `(${ended} > ${before}) or (${ended} unless ${before})`,
      color: 'purple',
      title: '{{operation}} {{outcome}}',
      text: 'An operation of the agents in {{cluster}} has ended: {{outcome}}.',
      tags: 'operation,outcome,cluster',
    }),
    annotation({
      name: 'Elections',
      expr: `max by (cluster) (changes(etcd_caretaker_raft_term{${cluster}}[$__rate_interval])) > 0`,
      color: 'orange',
      title: 'Election',
      text: 'The raft term of {{cluster}} has risen.',
      tags: 'cluster',
    }),
    annotation({
      name: 'Restarts of etcd',
      expr: `max by (cluster, instance) (changes(etcd_caretaker_process_start_time_seconds{${cluster}}[$__rate_interval])) > 0`,
      color: 'yellow',
      title: 'Etcd restarted',
      text: 'The etcd beside the agent {{instance}} has started anew.',
      tags: 'cluster,instance',
    }),
    annotation({
      name: 'Pages',
      expr: `max by (cluster, alertname) (ALERTS{${cluster}, alertstate="firing", severity="page"}) == 1`,
      color: 'red',
      title: '{{alertname}}',
      text: 'This alert pages for {{cluster}}.',
      tags: 'alertname,cluster',
    }),
  ];
}
