import { NoUnit, OpsPerSecond, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { byAgentsMember, ofCluster, quantile, rate } from '../metrics.ts';
import { seriesPanel } from '../panels/series.ts';
import { statesPanel } from '../panels/states.ts';
import { tablePanel } from '../panels/table.ts';
import { NOW_AND_THEN, YES_IS_WELL } from '../panels/words.ts';

/** Who leads, what was done and why not, and whether the agents themselves are well. */
export const actingPanels = [
  statesPanel({
    title: 'Operations under way',
    shows: 'When which operation was under way. One at a time, in the whole cluster.',
    normal: 'mostly none; compactions, hash checks and a drill a day take seconds to minutes.',
    otherwise: 'one that stands: `etcd-caretaker status` says who holds the slot, and in which phase.',
    alerts: ['EtcdOperationStandsStill'],
    queries: [
      {
        expr: `max by (operation) (${ofCluster('etcd_caretaker_operation_in_progress')})`,
        legend: '{{operation}}',
      },
    ],
    words: NOW_AND_THEN,
    width: 8,
  }),
  statesPanel({
    title: 'Leading agent',
    shows: 'The member beside which the leading agent runs: it decides and operates.',
    normal: 'one at any time, for days.',
    otherwise: 'none: the agents cannot write to etcd. Many changes: their lease runs out; see slow writes.',
    alerts: ['EtcdCaretakerLeaderless'],
    queries: [{ expr: byAgentsMember(ofCluster('etcd_caretaker_leader')), legend: '{{member}}' }],
    words: { 0: ['follows', 'transparent'], 1: ['leads', 'blue'] },
    width: 8,
  }),
  statesPanel({
    title: 'Agents that observe',
    shows: 'Whether the newest round of each agent has observed its own member.',
    normal: 'all yes.',
    otherwise:
      'no: its member does not answer, or its certificate is refused. A gap: Prometheus does not reach the agent.',
    alerts: ['EtcdCaretakerDegraded', 'EtcdCaretakerMissing'],
    queries: [{ expr: byAgentsMember(ofCluster('etcd_caretaker_up')), legend: '{{member}}' }],
    words: YES_IS_WELL,
    width: 8,
  }),
  tablePanel({
    title: 'What a person is asked for',
    shows: 'What the leading agent holds for a person to look at: the policy, and the first of its reasons.',
    normal: 'empty.',
    otherwise:
      '`etcd-caretaker explain` followed by the policy has all reasons, with the numbers; the runbooks say what to do about each.',
    alerts: ['EtcdHealingHeld', 'EtcdMemberNeedsPerson', 'EtcdBreakerOpen', 'EtcdBackupFailing', 'EtcdDrillFailed'],
    unit: NoUnit,
    labels: { policy: 'Policy', reason: 'Reason' },
    columns: [
      { expr: `max by (policy, reason) (${ofCluster('etcd_caretaker_page')} == 1)`, legend: 'Asked', hidden: true },
    ],
    width: 24,
    height: 5,
    none: 'Nobody is asked for anything',
  }),
  tablePanel({
    title: 'Operations so far',
    shows: 'What the running agents have brought to an end, since each of them started.',
    normal: 'succeeded; stopped where something changed meanwhile.',
    otherwise:
      'failed: `etcd-caretaker explain` followed by the operation says why. After several failures it waits for a person.',
    alerts: ['EtcdBreakerOpen', 'EtcdHealingHeld'],
    unit: Short,
    labels: { operation: 'Operation', outcome: 'Outcome' },
    columns: [
      {
        expr: `sum by (operation, outcome) (${ofCluster('etcd_caretaker_operations_total')})`,
        legend: 'Times',
      },
    ],
    width: 6,
  }),
  seriesPanel({
    title: 'Duration of operations',
    shows: 'The longest tenth of each operation in the rate interval.',
    normal: 'seconds; drills and full defragmentations of large databases minutes.',
    otherwise: 'compare with disks and round trips at that time.',
    unit: Seconds,
    queries: [
      {
        expr: quantile(0.9, ofCluster('etcd_caretaker_operation_duration_seconds_bucket'), 'operation'),
        legend: '{{operation}}',
      },
    ],
    width: 6,
    min: 0,
  }),
  seriesPanel({
    title: 'Decisions to act',
    shows: 'What the policies decided each second other than to hold.',
    normal: 'little: most decisions are to hold, and are not drawn here.',
    otherwise: '`etcd-caretaker explain` says what each policy decided last, with all its reasons.',
    unit: OpsPerSecond,
    queries: [
      {
        expr: `sum by (policy, decision) (${rate(ofCluster('etcd_caretaker_decisions_total', 'decision!="hold"'))})`,
        legend: '{{policy}} {{decision}}',
      },
    ],
    width: 6,
    min: 0,
  }),
  tablePanel({
    title: 'Findings',
    shows: 'What the agents have found that a person should know, by the number of agents that say so.',
    normal: 'empty, or of severity info.',
    otherwise: '`etcd-caretaker status` and `doctor` say what to do about each.',
    unit: NoUnit,
    labels: { severity: 'Severity', code: 'Finding' },
    columns: [
      {
        expr: `count by (severity, code) (${ofCluster('etcd_caretaker_findings')} > 0)`,
        legend: 'Agents',
      },
    ],
    width: 6,
    none: 'Nothing found',
  }),
];
