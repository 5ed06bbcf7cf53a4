import { BytesPerSecondIEC, CountsPerSecond, Seconds } from '@grafana/grafana-foundation-sdk/units';
import { roundTripMatrix } from '../cluster/round-trips.ts';
import { ofAgent, ofEtcd, quantile, rate } from '../metrics.ts';
import { seriesPanel } from '../panels/series.ts';

const roundTrips = ofAgent('etcd_caretaker_peer_rtt_seconds_bucket');

/** From here to the peers, beside the whole matrix. */
export const networkPanels = [
  roundTripMatrix,
  seriesPanel({
    title: 'Round trip to each peer',
    shows:
      'The p99 of TCP connects, TLS handshakes and HTTP requests from here to each peer, and a tenth of etcd’s election timeout. Etcd’s own figure is smoothed, and stands still for a dead peer.',
    normal: 'TCP under 5 ms within one site.',
    otherwise: 'TCP high: the network. TLS high and TCP low: the peer has no CPU. HTTP high alone: etcd there hangs.',
    alerts: ['EtcdPeerRttHigh'],
    unit: Seconds,
    queries: [
      { expr: quantile(0.99, roundTrips, 'peer', 'probe'), legend: '{{peer}} {{probe}}' },
      { expr: `0.1 * max(${ofAgent('etcd_caretaker_election_timeout_seconds')})`, legend: 'most that TCP may take' },
    ],
    limits: { warning: 0.01 },
    min: 0,
  }),
  seriesPanel({
    title: 'Probes that fail',
    shows: 'Probes of each peer that failed, each second.',
    normal: '0; some while a peer restarts.',
    otherwise: 'one peer: see it. All peers: this machine’s network, or its certificate.',
    alerts: ['EtcdPeerUnreachable', 'EtcdMemberPartitioned'],
    unit: CountsPerSecond,
    queries: [
      {
        expr: `sum by (peer, probe) (${rate(ofAgent('etcd_caretaker_peer_probe_failures_total'))})`,
        legend: '{{peer}} {{probe}}',
      },
    ],
    min: 0,
  }),
  seriesPanel({
    title: 'Clock beside the peers’',
    shows: 'The clock of each peer minus the one here; positive: the peer is ahead. Known to half a round trip.',
    normal: 'within 100 ms.',
    otherwise:
      'one peer off: its time service. All off by the same: the one here. Over a second leases and certificates go wrong.',
    alerts: ['EtcdClockSkew'],
    unit: Seconds,
    queries: [
      { expr: `max by (peer) (${ofAgent('etcd_caretaker_peer_clock_skew_seconds')})`, legend: '{{peer}}' },
      {
        expr: `max by (peer) (${ofAgent('etcd_caretaker_peer_clock_skew_error_seconds')})`,
        legend: '{{peer}} known to',
      },
    ],
    width: 12,
  }),
  seriesPanel({
    title: 'Traffic between members',
    shows: 'Bytes that etcd has sent to its peers and got from them.',
    normal: 'the raft leader sends to all; the others get.',
    otherwise: 'a plateau at the line’s rate: a snapshot to a member that is far behind.',
    unit: BytesPerSecondIEC,
    queries: [
      { expr: `sum(${rate(ofEtcd('etcd_network_peer_sent_bytes_total'))})`, legend: 'sent' },
      { expr: `sum(${rate(ofEtcd('etcd_network_peer_received_bytes_total'))})`, legend: 'got' },
    ],
    width: 12,
    min: 0,
  }),
];
