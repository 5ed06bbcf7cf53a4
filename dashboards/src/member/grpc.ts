import { BytesPerSecondIEC, RequestsPerSecond, Short } from '@grafana/grafana-foundation-sdk/units';
import { ofEtcd, rate } from '../metrics.ts';
import { seriesPanel } from '../panels/series.ts';

const unary = ofEtcd('grpc_server_handled_total', 'grpc_type="unary"');

/** What clients ask of this member. */
export const grpcPanels = [
  seriesPanel({
    title: 'Requests by method',
    shows: 'Unary calls that it has answered, those of the agents included.',
    normal: 'follows your clients.',
    otherwise: 'Range high: somebody lists. LeaseGrant or Authenticate high: a client in a loop.',
    alerts: ['EtcdClientTrafficStopped'],
    unit: RequestsPerSecond,
    queries: [{ expr: `topk(10, sum by (grpc_method) (${rate(unary)}) > 0)`, legend: '{{grpc_method}}' }],
    stacked: true,
    min: 0,
  }),
  seriesPanel({
    title: 'Answers other than OK',
    shows: 'Unary calls that ended with a code other than OK, by method and code.',
    normal: 'none; Unavailable for seconds at an election.',
    otherwise:
      'Unavailable: no leader or overload. ResourceExhausted: NOSPACE or too large. Canceled and DeadlineExceeded: the client’s own time-out, often of a slow call here.',
    unit: RequestsPerSecond,
    queries: [
      {
        expr: `topk(10, sum by (grpc_method, grpc_code) (${rate(ofEtcd('grpc_server_handled_total', 'grpc_type="unary"', 'grpc_code!="OK"'))}) > 0)`,
        legend: '{{grpc_method}} {{grpc_code}}',
      },
    ],
    min: 0,
  }),
  seriesPanel({
    title: 'Calls under way',
    shows: 'Calls that were begun and have not ended: unary ones, and streams (watches, leases, snapshots).',
    normal: 'unary near 0; streams as many as clients.',
    otherwise: 'unary rises: it does not keep up. Streams jump: clients connect anew, all at once.',
    unit: Short,
    queries: [
      {
        expr:
          `sum by (grpc_type) (${ofEtcd('grpc_server_started_total')}) - ` +
          `sum by (grpc_type) (${ofEtcd('grpc_server_handled_total')})`,
        legend: '{{grpc_type}}',
      },
    ],
    min: 0,
  }),
  seriesPanel({
    title: 'Traffic with clients',
    shows: 'Bytes that it has sent to clients and got from them.',
    normal: 'level.',
    otherwise: 'a jump of what is sent: a list of a large prefix, or a snapshot.',
    unit: BytesPerSecondIEC,
    queries: [
      { expr: `sum(${rate(ofEtcd('etcd_network_client_grpc_sent_bytes_total'))})`, legend: 'sent' },
      { expr: `sum(${rate(ofEtcd('etcd_network_client_grpc_received_bytes_total'))})`, legend: 'got' },
    ],
    min: 0,
  }),
  seriesPanel({
    title: 'Watchers',
    shows: 'Watchers of this member, the streams that they share, and those that cannot follow.',
    normal: 'level, spread over the members; none slow.',
    otherwise: 'slow ones: a client does not read, or the member is overloaded. Events wait for them in memory.',
    unit: Short,
    queries: [
      { expr: `sum(${ofEtcd('etcd_debugging_mvcc_watcher_total')})`, legend: 'watchers' },
      { expr: `sum(${ofEtcd('etcd_debugging_mvcc_watch_stream_total')})`, legend: 'streams' },
      { expr: `sum(${ofEtcd('etcd_debugging_mvcc_slow_watcher_total')})`, legend: 'slow' },
      { expr: `sum(${ofEtcd('etcd_debugging_mvcc_pending_events_total')})`, legend: 'events that wait' },
    ],
    min: 0,
  }),
  seriesPanel({
    title: 'Leases',
    shows: 'Leases granted, revoked and expired each second.',
    normal: 'as many end as begin.',
    otherwise:
      'more granted than ended, for long: a client that leaks them. Many expire at once: clients lost their connection.',
    unit: RequestsPerSecond,
    queries: [
      { expr: `sum(${rate(ofEtcd('etcd_debugging_lease_granted_total'))})`, legend: 'granted' },
      { expr: `sum(${rate(ofEtcd('etcd_debugging_lease_revoked_total'))})`, legend: 'revoked' },
      { expr: `sum(${rate(ofEtcd('etcd_debugging_server_lease_expired_total'))})`, legend: 'expired' },
    ],
    min: 0,
  }),
];
