import type { PeerProbe, PeerReading, PeersSection } from '../../cluster/sections.ts';
import type { MemberBrief } from './words.ts';

/** How much a probe asks of both ends: what asks least says most about the network. */
const cheapestFirst: readonly PeerProbe[] = ['tcp', 'tls', 'http'];

/** What a member sees of its links to the others, one for each of them however many URLs it has. */
export function peerLinks({ peers }: PeersSection): MemberBrief['peers'] {
  return [...Map.groupBy(peers, ({ peerId }) => peerId)].map(([memberId, readings]) => {
    const rttSeconds = newestRoundTrip(readings);
    const skew = mostExactSkew(readings);
    return {
      member: readings[0]?.peer || memberId,
      memberId,
      ...(rttSeconds === undefined ? { fault: faultOf(readings) } : { rttSeconds }),
      ...(skew === undefined ? {} : { clockSkewSeconds: skew }),
    };
  });
}

function newestRoundTrip(readings: readonly PeerReading[]): number | undefined {
  for (const kind of cheapestFirst) {
    const worked = readings.flatMap(({ probes }) =>
      probes.flatMap(({ probe, lastSeconds }) => (probe === kind && lastSeconds !== undefined ? lastSeconds : [])),
    );
    if (worked.length > 0) return Math.min(...worked);
  }
  return undefined;
}

function faultOf(readings: readonly PeerReading[]): string {
  const faults = readings.flatMap(({ probes }) => probes.flatMap(({ fault }) => fault?.message ?? []));
  return faults[0] ?? 'No probe has come to an end yet.';
}

function mostExactSkew(readings: readonly PeerReading[]): number | undefined {
  const known = readings.filter(({ clockSkewSeconds }) => clockSkewSeconds !== undefined);
  const error = ({ clockSkewErrorSeconds = Number.POSITIVE_INFINITY }: PeerReading): number => clockSkewErrorSeconds;
  return known.toSorted((a, b) => error(a) - error(b))[0]?.clockSkewSeconds;
}
