import { operationNames } from '../../cluster/caretaking.ts';
import type { CaretakingView } from '../../cluster/caretaking-view.ts';
import type { MetricFamily, MetricSeries } from '../metric-family.ts';
import { metricsIn, sample } from './section-metrics.ts';

/** An agent that only observes has none of these. */
const { gauge, counter, histogram } = metricsIn(({ caretaking }) => caretaking);

/** What this agent decides and does, and what holds it back. Counters begin anew with the agent, as in any process. */
export const caretakingMetrics: readonly MetricFamily[] = [
  gauge('leader', 'Whether this agent leads (1) or not (0): the one that leads decides and operates.', [], (view) =>
    sample(view.leads),
  ),
  gauge('leader_epoch', 'The epoch of the leading agent; each new leader raises it.', [], ({ epoch }) => sample(epoch)),
  gauge('registered', 'Whether this agent stands in the journal, so that others find it (1) or not (0).', [], (view) =>
    sample(view.registered),
  ),
  gauge('registered_agents', 'Agents that stand in the journal, one beside each member.', [], ({ agents }) =>
    sample(agents.length),
  ),
  gauge('journal_connected', 'Whether this agent sees all that agents write in etcd (1) or not (0).', [], (view) =>
    sample(view.journalConnected),
  ),
  gauge('armed', 'Whether the agents may act (1); until then they only plan (0).', [], ({ armed }) =>
    sample(armed !== undefined),
  ),
  gauge(
    'paused',
    'Whether operations are paused (1), in the whole cluster or by the file beside this agent, or not (0).',
    [],
    ({ pause, localPause }) => sample(pause !== undefined || localPause !== undefined),
  ),
  counter(
    'decisions_total',
    'Decisions of this agent while it led: what each policy decided (act, plan, hold) and the code of the first reason.',
    ['policy', 'decision', 'reason'],
    ({ decisionCounts }) =>
      decisionCounts.map(({ policy, decision, reason, count }) => ({
        labels: { policy, decision, reason },
        value: count,
      })),
  ),
  gauge(
    'page',
    'What this agent, while it leads, wants a person to look at: 1 for each policy and the code of its first reason.',
    ['policy', 'reason'],
    pages,
  ),
  counter(
    'operations_total',
    'Operations that this agent has brought to an end: succeeded, stopped, failed, or refused to a person.',
    ['operation', 'outcome'],
    ({ operationCounts }) =>
      operationCounts.map(({ operation, outcome, count }) => ({ labels: { operation, outcome }, value: count })),
  ),
  histogram(
    'operation_duration_seconds',
    'How long the operations took that this agent has brought to an end.',
    ['operation'],
    ({ operationDurations }) =>
      operationDurations.map(({ operation, seconds }) => ({ labels: { operation }, value: seconds })),
  ),
  gauge(
    'operation_in_progress',
    'Whether this operation is under way in the cluster (1) or not (0), as any agent sees it.',
    ['operation'],
    ({ slot }) =>
      [...new Set([...operationNames, ...(slot === undefined ? [] : [slot.operation])])].flatMap((operation) =>
        sample(operation === slot?.operation, { operation }),
      ),
  ),
  gauge(
    'hash_check_timestamp_seconds',
    'When the hashes of all members were last compared, in seconds since the epoch; absent before the first time.',
    [],
    ({ hashCheck }) => sample(hashCheck === undefined ? undefined : hashCheck.atMs / 1000),
  ),
  gauge('hash_mismatch', 'Whether that comparison found members that differ (1) or not (0).', [], ({ hashCheck }) =>
    sample(hashCheck?.mismatch),
  ),
  gauge(
    'drill_last_success_timestamp_seconds',
    'When a restore drill last ended well, in seconds since the epoch; absent before the first time.',
    [],
    ({ drill }) => sample(drill === undefined ? undefined : drill.atMs / 1000),
  ),
  gauge(
    'drill_restore_seconds',
    'How long that drill took from the first byte read to a data dir that a member can start on: the measured recovery time.',
    [],
    ({ drill }) => sample(drill?.restoreSeconds),
  ),
  counter(
    'drill_failures_total',
    'Drills that this agent has brought to an end and that failed, by the code of the first reason.',
    ['reason'],
    ({ drillFailures }) => drillFailures.flatMap(({ reason, count }) => sample(count, { reason })),
  ),
  counter(
    'notify_failures_total',
    'Attempts to tell a receiver of an event that failed; most are made good by a later one.',
    ['receiver'],
    ({ notifyCounts = [] }) => notifyCounts.flatMap(({ receiver, failures }) => sample(failures, { receiver })),
  ),
  counter(
    'notify_dropped_total',
    'Events that a receiver was never told: it was down for an hour, refused them, or there were too many.',
    ['receiver'],
    ({ notifyCounts = [] }) => notifyCounts.flatMap(({ receiver, dropped }) => sample(dropped, { receiver })),
  ),
];

/** A request of a person and the policy by itself may give the same reason: that is one page. */
function pages({ decisions }: CaretakingView): readonly MetricSeries[] {
  const asking = decisions.filter(({ page }) => page === true);
  const kinds = Map.groupBy(asking, ({ policy, reasons: [{ code }] }) => `${policy} ${code}`);
  return [...kinds.values()].flatMap(([first]) =>
    first === undefined ? [] : sample(1, { policy: first.policy, reason: first.reasons[0].code }),
  );
}
