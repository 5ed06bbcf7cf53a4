import { recoveryStates } from '../../cluster/recovery-view.ts';
import type { MetricFamily } from '../metric-family.ts';
import { metricsIn, sample } from './section-metrics.ts';

/** Only of agents that take part in recoveries: `supervise.kind` is not `none`. */
const { gauge, counter } = metricsIn(({ recovery }) => recovery);

/** How an agent stands to a lost quorum. */
export const recoveryMetrics: readonly MetricFamily[] = [
  gauge('recovery_state', 'How this agent stands to a lost quorum: 1 for that.', ['state'], ({ state }) =>
    recoveryStates.flatMap((each) => sample(each === state ? 1 : 0, { state: each })),
  ),
  gauge(
    'recovery_held',
    'Why a lost quorum is not recovered without a person, or not yet: 1 for each reason. docs/recovery.md lists them.',
    ['reason'],
    ({ state, reasons }) =>
      state === 'idle' || state === 'under-way'
        ? []
        : [...new Set(reasons.map(({ code }) => code))].flatMap((reason) => sample(1, { reason })),
  ),
  gauge(
    'recovery_doubts',
    'What would be in the way of a recovery, seen also while all is well: 1 for each reason.',
    ['reason'],
    ({ doubts }) => [...new Set(doubts.map(({ code }) => code))].flatMap((reason) => sample(1, { reason })),
  ),
  gauge(
    'recovery_quorum_lost_timestamp_seconds',
    'Since when this agent has seen no quorum, in seconds since the epoch; absent while it sees one.',
    [],
    ({ lostAtMs }) => sample(lostAtMs === undefined ? undefined : lostAtMs / 1000),
  ),
  counter(
    'recoveries_total',
    'Recoveries of a lost quorum, and restores of the cluster in place, that this agent has led, by how they ended.',
    ['outcome'],
    ({ ended }) => (['succeeded', 'failed'] as const).flatMap((outcome) => sample(ended[outcome], { outcome })),
  ),
  gauge(
    'recovery_last_timestamp_seconds',
    'When the newest recovery that this agent took part in ended, in seconds since the epoch, by how it ended.',
    ['outcome'],
    ({ last }) => (last === undefined ? [] : sample(last.endedAtMs / 1000, { outcome: last.outcome })),
  ),
];
