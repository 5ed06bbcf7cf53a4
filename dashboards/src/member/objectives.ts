import { PercentUnit, RequestsPerSecond, Seconds } from '@grafana/grafana-foundation-sdk/units';
import { ofAgent, quantile, rate } from '../metrics.ts';
import { seriesPanel } from '../panels/series.ts';

const requests = ofAgent('etcd_caretaker_canary_requests_total');
const durations = ofAgent('etcd_caretaker_canary_seconds_bucket');

/** What a client of this very member gets: the canary of the agent beside it. */
export const objectivePanels = [
  seriesPanel({
    title: 'Canaries answered in time',
    shows: 'The share of the agent’s own reads and writes through this member that were answered within the objective.',
    normal: '100 %; the objective of the cluster is 99.9 % over 30 days.',
    otherwise:
      'reads and writes: this member, its link to the raft leader, or no quorum. Writes only: NOSPACE, or slow disks.',
    alerts: ['EtcdSloBurnFast', 'EtcdSloBurnMedium', 'EtcdSloBurnSlow'],
    unit: PercentUnit,
    queries: [
      {
        expr:
          `sum by (operation) (${rate(ofAgent('etcd_caretaker_canary_requests_total', 'outcome="succeeded"'))}) / ` +
          `(sum by (operation) (${rate(requests)}) > 0)`,
        legend: '{{operation}}',
      },
    ],
    limits: { warning: 0.999, critical: 0.9, well: 'high' },
    max: 1,
  }),
  seriesPanel({
    title: 'Canary durations',
    shows: 'How long they took: median and p99.',
    normal: 'reads under 50 ms, writes under 100 ms.',
    otherwise: 'compare with the fsyncs of the raft leader, and with the round trip from here to it.',
    alerts: ['EtcdSloBurnFast', 'EtcdSloBurnMedium', 'EtcdSloBurnSlow'],
    unit: Seconds,
    queries: [
      { expr: quantile(0.99, durations, 'operation'), legend: '{{operation}} p99' },
      { expr: quantile(0.5, durations, 'operation'), legend: '{{operation}} median' },
    ],
    min: 0,
  }),
  seriesPanel({
    title: 'Canaries by outcome',
    shows: 'How many there were each second: succeeded, slow (answered, but later than the objective) and failed.',
    normal: 'succeeded only, at the pace of the configuration.',
    otherwise: 'slow before failed: something fills up. Failed at once: an alarm, or no quorum.',
    alerts: ['EtcdSloBurnFast', 'EtcdSloBurnMedium', 'EtcdSloBurnSlow'],
    unit: RequestsPerSecond,
    queries: [{ expr: `sum by (operation, outcome) (${rate(requests)})`, legend: '{{operation}} {{outcome}}' }],
    min: 0,
  }),
];
