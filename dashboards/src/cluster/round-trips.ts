import { NoUnit, Seconds } from '@grafana/grafana-foundation-sdk/units';
import { ofCluster, quantile, WITH_AGENTS_MEMBER } from '../metrics.ts';
import { matrixPanel } from '../panels/matrix.ts';

const tcp = ofCluster('etcd_caretaker_peer_rtt_seconds_bucket', 'probe="tcp"');

/** The round trip from each member to each peer. */
export const roundTripMatrix = matrixPanel({
  title: 'Round trips',
  shows:
    'The p99 of TCP connects from the agent beside each member (row) to each peer (column), over the rate interval.',
  normal: 'under 5 ms within one site, and about the same there and back.',
  otherwise:
    'one column high: that peer is busy. One row high: that machine. One cell: that link. A tenth of the election timeout (100 ms by default) and more brings elections.',
  alerts: ['EtcdPeerRttHigh'],
  unit: Seconds,
  expr: `max by (member, peer) (${quantile(0.99, tcp, 'instance', 'peer')} * ${WITH_AGENTS_MEMBER})`,
  row: 'member',
  column: 'peer',
  limits: { warning: 0.01, critical: 0.1 },
});

/** Who cannot reach whom. */
export const unreachableMatrix = matrixPanel({
  title: 'Probes that fail',
  shows:
    'How many kinds of probe (TCP, TLS, HTTP) from the agent of each member (row) to each peer (column) failed last time.',
  normal: '0 everywhere.',
  otherwise:
    'TCP fails: the network, a firewall, or nothing listens. TLS only: certificates. HTTP only: etcd hangs. A cell that fails one way only is a partition that etcd’s own metrics do not show.',
  alerts: ['EtcdPeerUnreachable', 'EtcdMemberPartitioned'],
  unit: NoUnit,
  expr: `max by (member, peer) (sum by (instance, peer) (${ofCluster('etcd_caretaker_peer_reachable')} == bool 0) * ${WITH_AGENTS_MEMBER})`,
  row: 'member',
  column: 'peer',
  limits: { critical: 1 },
});
