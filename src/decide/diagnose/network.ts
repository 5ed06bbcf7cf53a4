import type { Cause, Look } from '../../cluster/diagnosis.ts';
import { median } from '../../cluster/median.ts';
import type { PeerReading } from '../../cluster/sections.ts';
import { formatLatency } from '../../cluster/units.ts';
import { shareAbove } from './samples.ts';
import { raftTimes } from './settings-of.ts';
import { mostly, type Window } from './window.ts';

/** A round trip of so many heartbeats is slow: heartbeats and their answers then overlap. */
const slowHeartbeats = 0.5;

/** And so many times as long as what is short for this link: one in five of all probes since the agent started was no longer than that. */
const usualShare = 0.2;
const slowFactor = 1.5;

/** Slow in this share of all probes since the agent started: the distance is so, and nothing has happened… */
const alwaysShare = 0.98;
/** …which settings have to fit, once so many probes say it. */
const lastingProbes = 30;

/** Faults that say something of the agent's certificates, and nothing of the network. */
const notTheNetwork = /CERT|TLS_FILES|REFUSED_CLIENT/;

/** How one peer was found over the window. */
interface Way {
  readonly peer: string;
  readonly peerId: string;
  readonly rttSeconds?: number;
  readonly isSlow: boolean;
  /** Its round trip was never better, since the agent started. */
  readonly isAlwaysSo: boolean;
  readonly probes: number;
  readonly isCut: boolean;
  /** Of its connections, which its kernel makes, without its etcd; absent where they were not measured, or are no shorter. */
  readonly connectSeconds?: number;
  readonly fault?: string;
}

/** Round trips to peers that are slow or fail: one link, or the own one. */
export function networkCauses(window: Window): readonly Cause[] {
  const ways = waysOf(window);
  const slow = ways.filter(({ isSlow, isAlwaysSo, isCut }) => isSlow && !isAlwaysSo && !isCut);
  return [...slowWays(window, ways, slow), ...cutWays(window, ways)];
}

/** The longest round trip to a peer that was never better, for settings that have to fit it; undefined where there is none. */
export function lastingRttSeconds(window: Window): number | undefined {
  const lasting = waysOf(window).filter(({ isAlwaysSo, probes }) => isAlwaysSo && probes >= lastingProbes);
  const rtts = lasting.flatMap(({ rttSeconds }) => rttSeconds ?? []);
  return rtts.length === 0 ? undefined : Math.max(...rtts);
}

function slowWays(window: Window, ways: readonly Way[], slow: readonly Way[]): readonly Cause[] {
  const { member } = window.newest;
  const measured = ways.filter(({ rttSeconds }) => rttSeconds !== undefined);
  const limit = formatLatency(slowSeconds(window.newest));
  if (slow.length >= 2 && slow.length === measured.length) {
    return [
      {
        verdict: 'network-slow-to-all',
        member,
        confidence: slow.every(({ connectSeconds }) => connectSeconds === undefined) ? 'likely' : 'possible',
        evidence: [...slow.map(rttText), `half a heartbeat is ${limit}`],
        firstStep: 'Look at the network of this machine: its interface, its switch port, its bandwidth, and its load.',
      },
    ];
  }
  return slow.map((way) => ({
    verdict: 'network-slow-to-peer',
    member: way.peer,
    confidence: way.connectSeconds === undefined ? 'likely' : 'possible',
    evidence: [rttText(way), ...measured.filter((each) => each !== way).map(rttText), `half a heartbeat is ${limit}`],
    firstStep:
      way.connectSeconds === undefined
        ? `Look at the link between ${member} and ${way.peer}, from both ends (ping, mtr); the agent of ${way.peer} says how it finds the others.`
        : `See first what the agent of ${way.peer} says: connections come up at once, so that it may be its etcd that answers late. Then look at the link, from both ends (ping, mtr).`,
  }));
}

function cutWays(window: Window, ways: readonly Way[]): readonly Cause[] {
  const members = window.newest.values.cluster?.members ?? [];
  return ways
    .filter(({ isCut, peerId }) => isCut && members.find(({ id }) => id === peerId)?.reachable === true)
    .map(({ peer, fault = 'no answer' }) => ({
      verdict: 'network-cut-to-peer',
      member: peer,
      confidence: 'likely',
      evidence: [`the peer port of ${peer} does not answer ${window.newest.member}: ${fault}`, `its client port does`],
      firstStep: `Look at firewalls and network policies between ${window.newest.member} and the peer port of ${peer}.`,
    }));
}

function waysOf(window: Window): readonly Way[] {
  const limit = slowSeconds(window.newest);
  return (window.newest.values.peers?.peers ?? []).map(({ peer, peerId, url, probes }) => {
    const probe = [...probes].reverse().find(({ impossible }) => impossible !== true);
    const name = probe?.probe ?? 'tcp';
    const count = (of: 'sum' | 'count') => (look: Look) => probeOf(look, url, name)?.latency[of];
    const tcp = probes.find((each) => each.probe === 'tcp');
    const tcpCount = (of: 'sum' | 'count') => (look: Look) => probeOf(look, url, 'tcp')?.latency[of];
    const rtts = window.ratios(count('sum'), count('count'));
    const newest = probe?.lastSeconds;
    const rttSeconds = median(rtts) ?? newest;
    // By the edges of a histogram, so never below what it really is.
    const usual = probe === undefined ? 0 : (shortOf(probe.latency) ?? 0);
    const atLeast = Math.max(limit, slowFactor * usual);
    const connects = window.ratios(tcpCount('sum'), tcpCount('count'));
    const connectSeconds = name === 'tcp' ? undefined : (median(connects) ?? tcp?.lastSeconds);
    const isCut = window.mostly((look) => hasFailed(probeOf(look, url, probes[0]?.probe ?? 'tcp')));
    return {
      peer,
      peerId,
      ...(rttSeconds === undefined ? {} : { rttSeconds }),
      // Probes are rarer than rounds where rounds are frequent: then the newest stands for the rest.
      isSlow: mostly(rtts.length > 0 ? rtts : newest === undefined ? [] : [newest], (seconds) => seconds >= atLeast),
      isAlwaysSo: probe !== undefined && shareAbove(probe.latency, limit) >= alwaysShare,
      probes: probe?.latency.count ?? 0,
      isCut,
      ...(connectSeconds === undefined || connectSeconds >= limit ? {} : { connectSeconds }),
      ...(probe?.fault === undefined ? {} : { fault: probe.fault.message.replace(/\.$/, '') }),
    };
  });
}

type Probe = PeerReading['probes'][number];

function probeOf({ values }: Look, url: string, name: Probe['probe']): Probe | undefined {
  return values.peers?.peers.find((each) => each.url === url)?.probes.find(({ probe }) => probe === name);
}

function hasFailed(probe: Probe | undefined): boolean | undefined {
  return probe && probe.fault !== undefined && probe.impossible !== true && !notTheNetwork.test(probe.fault.code);
}

function slowSeconds(look: Look): number {
  return (raftTimes(look).heartbeatMs / 1000) * slowHeartbeats;
}

/** The edge below which a fifth of all samples lie; undefined without any, and where that is beyond the last edge. */
function shortOf({ edges, counts, count }: Probe['latency']): number | undefined {
  return count === 0 ? undefined : edges.find((_, index) => (counts[index] ?? 0) >= usualShare * count);
}

function rttText({ peer, rttSeconds = 0, isSlow, connectSeconds }: Way): string {
  const connects = isSlow && connectSeconds !== undefined ? `, a connection ${formatLatency(connectSeconds)}` : '';
  return `a round trip to ${peer} takes ${formatLatency(rttSeconds)}${connects}`;
}
