import type { Histogram, PeerReading, PeersSection } from '../../cluster/sections.ts';
import type { MetricFamily, MetricSeries } from '../metric-family.ts';
import { metricsOf, sample } from './section-metrics.ts';

const { gauge, counter, histogram } = metricsOf('peers');

type Probe = PeerReading['probes'][number];

/** Round trips to every peer, measured by this agent: unlike those of etcd, a dead peer does not look alive. */
export const peersMetrics: readonly MetricFamily[] = [
  histogram(
    'peer_rtt_seconds',
    'Round trip to the peer by TCP connect, TLS handshake and HTTP request.',
    ['peer', 'probe'],
    eachProbe((probes) => probes.map(({ latency }) => latency).reduce(sum)),
  ),
  counter(
    'peer_probe_failures_total',
    'Probes of the peer that failed.',
    ['peer', 'probe'],
    eachProbe((probes) => probes.reduce((total, { failures }) => total + failures, 0)),
  ),
  gauge(
    'peer_reachable',
    'Whether the newest probe of every URL of the peer succeeded (1) or not (0).',
    ['peer', 'probe'],
    eachProbe((probes) => Number(probes.every(({ lastSeconds }) => lastSeconds !== undefined))),
  ),
  gauge(
    'peer_clock_skew_seconds',
    'The clock of the peer minus our own; positive: the peer is ahead.',
    ['peer'],
    (section) => skews(section).flatMap(({ peer, clockSkewSeconds }) => sample(clockSkewSeconds, { peer })),
  ),
  gauge(
    'peer_clock_skew_error_seconds',
    'The skew is known to this precision: half of the round trip behind it.',
    ['peer'],
    (section) => skews(section).flatMap(({ peer, clockSkewErrorSeconds }) => sample(clockSkewErrorSeconds, { peer })),
  ),
];

/** One series per peer and probe, also where a peer has several URLs; none for what the agent has no means to probe. */
function eachProbe(
  read: (probes: readonly Probe[]) => number | Histogram,
): (section: PeersSection) => readonly MetricSeries[] {
  return ({ peers }) =>
    [...Map.groupBy(peers, nameOf)].flatMap(([peer, urls]) => {
      const possible = urls.flatMap(({ probes }) => probes).filter(({ impossible }) => impossible === undefined);
      return [...Map.groupBy(possible, ({ probe }) => probe)].map(([probe, probes]) => ({
        labels: { peer, probe },
        value: read(probes),
      }));
    });
}

/** The most precise skew of each peer. */
function skews({
  peers,
}: PeersSection): readonly { peer: string; clockSkewSeconds?: number; clockSkewErrorSeconds?: number }[] {
  return [...Map.groupBy(peers, nameOf)].flatMap(([peer, urls]) => {
    const [best] = urls
      .filter(({ clockSkewSeconds }) => clockSkewSeconds !== undefined)
      .sort((a, b) => (a.clockSkewErrorSeconds ?? Infinity) - (b.clockSkewErrorSeconds ?? Infinity));
    return best === undefined ? [] : [{ ...best, peer }];
  });
}

function nameOf({ peer, peerId }: PeerReading): string {
  return peer === '' ? peerId : peer;
}

/** Sum of two cumulative histograms with the same edges, as all probes of one agent have. */
function sum(a: Histogram, b: Histogram): Histogram {
  return {
    edges: a.edges,
    counts: a.counts.map((count, i) => count + (b.counts[i] ?? 0)),
    sum: a.sum + b.sum,
    count: a.count + b.count,
  };
}
