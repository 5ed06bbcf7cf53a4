import { type CumulativeBucket, histogramQuantile } from '../../../cluster/histogram-quantile.ts';
import type { Histogram, PeerProbe, PeerReading } from '../../../cluster/sections.ts';
import { formatLatency } from '../../units.ts';
import { type Check, found, type Line, ok, skipped, unread } from '../check.ts';
import type { Facts } from '../facts.ts';

/** Etcd's defaults, in ms. */
const defaultHeartbeatMs = 100;
const defaultElectionMs = 1000;

/** Etcd's tuning guide: the election timeout should be at least 10 times the round trip between members. */
const electionShare = 10;

/** Fewer probes than this have no 99th percentile to speak of. */
const enoughSamples = 100;

/** A time that the settings of etcd's process tell, or etcd's default. */
interface Timeouts {
  readonly heartbeatSeconds: number;
  readonly electionSeconds: number;
  readonly origin: string;
}

/** Round trips to the other members against etcd's heartbeat and election timeouts, and their clocks. */
export const networkCheck: Check = {
  group: 'network',
  examine: (facts) => {
    const reading = facts.observation.sections.peers;
    if (reading?.value === undefined) return [unread(reading?.fault)];
    const { peers, findings } = reading.value;
    if (peers.length === 0) return [skipped('no other members to measure')];
    const timeouts = timeoutsOf(facts);
    const probe = commonProbe(peers);
    return [
      ...timeoutLines(timeouts),
      ...peers.flatMap((peer) => peerLines(peer, probe, timeouts)),
      ...findings.map(found),
      ...clocks(
        peers,
        findings.some(({ code }) => code === 'CLOCK_SKEW'),
      ),
    ];
  },
};

function timeoutsOf({ observation }: Facts): Timeouts {
  const settings = observation.sections.process?.value?.settings;
  const heartbeat = Number(settings?.['heartbeat-interval'] ?? defaultHeartbeatMs);
  const election = Number(settings?.['election-timeout'] ?? defaultElectionMs);
  const isSet = settings?.['heartbeat-interval'] !== undefined || settings?.['election-timeout'] !== undefined;
  const origin = settings === undefined ? "etcd's default" : isSet ? 'as etcd is set' : "etcd's default, not changed";
  return { heartbeatSeconds: heartbeat / 1000, electionSeconds: election / 1000, origin };
}

function timeoutLines({ heartbeatSeconds, electionSeconds }: Timeouts): readonly Line[] {
  if (!(electionSeconds < 5 * heartbeatSeconds)) return [];
  const message = `The election timeout (${formatLatency(electionSeconds)}) is less than 5 heartbeats (${formatLatency(heartbeatSeconds)}).`;
  const remedy = 'Set --election-timeout to about 10 times --heartbeat-interval, the same on all members.';
  return [found({ code: 'ELECTION_TIMEOUT_SHORT', severity: 'warning', message, remedy })];
}

/**
 * The kind of probe that all peers are compared by: a round trip of HTTP, which takes what raft's messages take, else of
 * TCP. TLS handshakes happen once per connection, and raft's messages go over connections that stand. Undefined where no
 * kind has measured all peers that were measured at all; then each is shown by what there is.
 */
function commonProbe(peers: readonly PeerReading[]): PeerProbe | undefined {
  const measured = peers.map(measuredProbes).filter((probes) => probes.length > 0);
  return roundTrips.find((probe) => measured.every((probes) => probes.includes(probe)));
}

const roundTrips = ['http', 'tcp'] as const;

function measuredProbes({ probes }: PeerReading): readonly PeerProbe[] {
  return roundTrips.filter((kind) => probes.some(({ probe, latency }) => probe === kind && latency.count > 0));
}

function peerLines(reading: PeerReading, common: PeerProbe | undefined, timeouts: Timeouts): readonly Line[] {
  const { peer, url, probes } = reading;
  const lines: Line[] = [];
  const kind = common ?? measuredProbes(reading)[0];
  const latency = probes.find(({ probe }) => probe === kind)?.latency;
  const p99Seconds = latency === undefined ? undefined : histogramQuantile(0.99, bucketsOf(latency));
  if (kind === undefined || latency === undefined || p99Seconds === undefined) {
    // Why it could not be measured is a finding of the collector.
    const isTold = probes.some(({ fault }) => fault !== undefined);
    return isTold ? [] : [skipped(`${peer} at ${url}: nothing was measured`)];
  }
  const { count } = latency;
  const mean = latency.sum / count;
  // Of a few probes the 99th percentile is the slowest one, and a single hiccup would decide.
  const seconds = count < enoughSamples ? mean : p99Seconds;
  const numbers = `${peer}: ${kind.toUpperCase()} round trip ${formatLatency(mean)}, p99 at most ${formatLatency(p99Seconds)} (${count} probes)`;
  const limits = `election timeout ${formatLatency(timeouts.electionSeconds)}, heartbeat ${formatLatency(timeouts.heartbeatSeconds)} (${timeouts.origin})`;
  const remedy =
    'Find the slow link, or raise --heartbeat-interval to the round trip and --election-timeout to 10 times that.';
  if (seconds > timeouts.electionSeconds / electionShare) {
    const severity = seconds > timeouts.electionSeconds ? 'critical' : 'warning';
    lines.push(
      found({ code: 'RTT_HIGH', severity, message: `${numbers}, more than a tenth of the ${limits}.`, remedy }),
    );
  } else if (mean > timeouts.heartbeatSeconds) {
    lines.push(
      found({
        code: 'RTT_HIGH',
        severity: 'warning',
        message: `${numbers}, more than a heartbeat; ${limits}.`,
        remedy,
      }),
    );
  } else {
    lines.push(ok(`${numbers}; ${limits}`));
  }
  return lines;
}

/** A histogram as the quantile estimate takes it, with the last bucket at infinity. */
function bucketsOf({ edges, counts, count }: Histogram): readonly CumulativeBucket[] {
  return [
    ...edges.map((upperBound, index) => ({ upperBound, count: counts[index] ?? 0 })),
    { upperBound: Number.POSITIVE_INFINITY, count },
  ];
}

function clocks(peers: readonly PeerReading[], areApart: boolean): readonly Line[] {
  if (areApart) return [];
  const bounds = peers.flatMap(({ clockSkewSeconds, clockSkewErrorSeconds = 0 }) =>
    clockSkewSeconds === undefined ? [] : [Math.abs(clockSkewSeconds) + clockSkewErrorSeconds],
  );
  if (bounds.length === 0) return [skipped('the clocks of the other members could not be read')];
  return [ok(`the clocks of ${bounds.length} other members are within ${formatLatency(Math.max(...bounds))} of ours`)];
}
