import { BytesPerSecondIEC, PercentUnit, RequestsPerSecond, Seconds } from '@grafana/grafana-foundation-sdk/units';
import { byAgentsMember, byServersMember, ofCluster, quantile, rate } from '../metrics.ts';
import { seriesPanel } from '../panels/series.ts';

const handled = ofCluster('grpc_server_handled_total', 'grpc_type="unary"');
/** What a server answers when it cannot; `Canceled` and `NotFound` are a client's own. */
const FAULTS = 'grpc_code=~"Unknown|Unavailable|Internal|DataLoss|DeadlineExceeded|ResourceExhausted"';

/** Reads and writes as clients have them. */
export const clientPanels = [
  seriesPanel({
    title: 'Canary reads and writes',
    shows: 'The p99 of the agents’ own linearizable reads and small writes.',
    normal: 'reads under 50 ms, writes under 100 ms.',
    otherwise: 'both slow: the raft leader’s disk or the network. Writes only: disks. See Disks and storage.',
    alerts: ['EtcdSloBurnFast', 'EtcdSloBurnMedium', 'EtcdSloBurnSlow'],
    unit: Seconds,
    queries: [
      {
        expr: quantile(0.99, ofCluster('etcd_caretaker_canary_seconds_bucket'), 'operation'),
        legend: '{{operation}} p99',
      },
      {
        expr: quantile(0.5, ofCluster('etcd_caretaker_canary_seconds_bucket'), 'operation'),
        legend: '{{operation}} median',
      },
    ],
    min: 0,
  }),
  seriesPanel({
    title: 'Error budget burned',
    shows: 'The share of canaries that failed or were slow, by the windows over which the alerts look.',
    normal: '0. At 0.1 % the budget of the month is just used up at its end; at 1.44 % a fiftieth of it in an hour.',
    otherwise: 'short windows high: it is going on now. Only long ones: it is over, and the budget is smaller.',
    alerts: ['EtcdSloBurnFast', 'EtcdSloBurnMedium', 'EtcdSloBurnSlow'],
    unit: PercentUnit,
    queries: ['5m', '30m', '1h', '6h', '3d'].map((window) => ({
      expr: `max by (operation) (${ofCluster(`etcd_caretaker:canary_error_ratio:rate${window}`)})`,
      legend: `{{operation}} over ${window}`,
    })),
    limits: { warning: 0.001, critical: 0.0144 },
    min: 0,
  }),
  seriesPanel({
    title: 'Linearizable read',
    shows:
      'What a read that a quorum confirms took through each member, with the connection, login and repeats it needed.',
    normal: 'under 50 ms, and about the same through all members.',
    otherwise:
      'one member only: its link to the raft leader. All: the leader’s disk, or no majority. A gap: it failed.',
    alerts: ['EtcdSloBurnFast', 'EtcdSloBurnMedium', 'EtcdSloBurnSlow'],
    unit: Seconds,
    queries: [{ expr: byAgentsMember(ofCluster('etcd_caretaker_linearizable_read_seconds')), legend: '{{member}}' }],
    limits: { warning: 0.1, critical: 0.5 },
    min: 0,
  }),
  seriesPanel({
    title: 'Requests',
    shows: 'Unary gRPC calls that the members have answered, by method, those of the agents included.',
    normal: 'follows your clients; no method that you do not know.',
    otherwise: 'a jump of Range or LeaseGrant: a client in a loop. All to 0: clients do not get through.',
    alerts: ['EtcdClientTrafficStopped'],
    unit: RequestsPerSecond,
    queries: [{ expr: `topk(10, sum by (grpc_method) (${rate(handled)}) > 0)`, legend: '{{grpc_method}}' }],
    stacked: true,
    min: 0,
  }),
  seriesPanel({
    title: 'Failed requests',
    shows: 'The share of unary calls that ended with a code that says that the server could not, by member.',
    normal: 'under 0.1 %; more for seconds after an election.',
    otherwise:
      'Unavailable: no leader, or overload. ResourceExhausted: NOSPACE, or a reply that is too large. Open the member for the codes.',
    unit: PercentUnit,
    queries: [
      {
        expr: byServersMember(
          `sum by (instance) (${rate(ofCluster('grpc_server_handled_total', 'grpc_type="unary"', FAULTS))}) / ` +
            `(sum by (instance) (${rate(handled)}) > 0)`,
        ),
        legend: '{{member}}',
      },
    ],
    limits: { warning: 0.01, critical: 0.05 },
    min: 0,
  }),
  seriesPanel({
    title: 'Traffic to clients',
    shows: 'Bytes that each member has sent to its clients and got from them.',
    normal: 'spread over the members; level.',
    otherwise:
      'one member has all of it: clients know only that one. A jump of what is sent: somebody lists a large prefix.',
    unit: BytesPerSecondIEC,
    queries: [
      {
        expr: byServersMember(`sum by (instance) (${rate(ofCluster('etcd_network_client_grpc_sent_bytes_total'))})`),
        legend: '{{member}} sent',
      },
      {
        expr: byServersMember(
          `sum by (instance) (${rate(ofCluster('etcd_network_client_grpc_received_bytes_total'))})`,
        ),
        legend: '{{member}} got',
      },
    ],
    min: 0,
  }),
];
