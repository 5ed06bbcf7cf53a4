import type { Cause, Look } from '../../../src/cluster/diagnosis.ts';
import type { MethodCalls, Sections } from '../../../src/cluster/sections.ts';
import { diagnose } from '../../../src/decide/diagnose.ts';
import { healthySections } from './healthy-sections.ts';

/** A Wednesday, 12:00 UTC. */
export const NOW_MS = Date.UTC(2026, 6, 15, 12, 0);
const INTERVAL_SECONDS = 10;

/** What happens over each interval, on top of a healthy member; all rates are by the second. */
export interface Happening {
  readonly fsyncSeconds?: number;
  /** Default half of that. */
  readonly fsyncMeanSeconds?: number;
  readonly fsyncsPerInterval?: number;
  readonly probeSeconds?: number;
  readonly pendingSeconds?: number;
  readonly readSeconds?: number;
  readonly etcdCpus?: number;
  readonly cpuWaitPerSecond?: number;
  readonly cpuStallShare?: number;
  readonly memoryStallShare?: number;
  readonly majorFaultsPerSecond?: number;
  readonly throttledShare?: number;
  readonly deviceBusyShare?: number;
  readonly deviceBytesPerSecond?: number;
  readonly etcdBytesPerSecond?: number;
  readonly walBytesPerSecond?: number;
  readonly putsPerSecond?: number;
  readonly sentBytesPerSecond?: number;
  readonly watchEventsPerSecond?: number;
  readonly limitHitsPerSecond?: number;
  /** The last edge of the histogram that the round trips to a peer fall below, by peer. */
  readonly rttSeconds?: { readonly m2?: number; readonly m3?: number };
  readonly calls?: Partial<Omit<MethodCalls, 'method'>>;
  /** Sections as they are from then on. */
  readonly sections?: { readonly [K in keyof Sections]?: Partial<Sections[K]> };
  /** Collectors that fail, with the code of their fault. */
  readonly faults?: Look['faults'];
  readonly look?: Partial<Look>;
}

/** So many looks, one each 10 s, at a member that is well but for what happens from the given look on. */
export function looks(happening: Happening, { count = 6, from = 0 }: { count?: number; from?: number } = {}): Look[] {
  const sums = new Map<string, number>();
  const add = (name: string, perSecond: number): number => {
    const value = (sums.get(name) ?? 1000) + perSecond * INTERVAL_SECONDS;
    sums.set(name, value);
    return value;
  };
  return Array.from({ length: count }, (_, index) => look(index, index >= from ? happening : {}, add));
}

/** What is said of such looks. */
export function causesOf(happening: Happening, span?: Parameters<typeof looks>[1]): readonly Cause[] {
  return diagnose(looks(happening, span));
}

/** Only the verdicts, in their order. */
export function verdictsOf(happening: Happening, span?: Parameters<typeof looks>[1]): readonly string[] {
  return causesOf(happening, span).map(({ verdict }) => verdict);
}

function look(index: number, happening: Happening, add: (name: string, perSecond: number) => number): Look {
  const { sections: given = {}, faults = {}, look: more = {} } = happening;
  const values = { ...healthySections(happening, add) };
  for (const [name, part] of Object.entries(given)) {
    const key = name as keyof Sections;
    Object.assign(values, { [key]: { ...values[key], ...part } });
  }
  for (const name of Object.keys(faults)) delete values[name as keyof Sections];
  return {
    member: 'm1',
    atMonotonicMs: 1e6 + index * INTERVAL_SECONDS * 1000,
    atMs: NOW_MS + index * INTERVAL_SECONDS * 1000,
    values,
    faults,
    ...more,
  };
}

type Peer = NonNullable<Look['values']['peers']>['peers'][number];

/** The same, with each peer made another one. */
export function withPeers(all: readonly Look[], change: (peer: Peer) => Peer): Look[] {
  return all.map((each) => ({
    ...each,
    values: { ...each.values, peers: { findings: [], peers: (each.values.peers?.peers ?? []).map(change) } },
  }));
}

/** A peer of which each of these probes, or all, has another latency. */
export function probedAs(
  peer: Peer,
  latencyOf: (latency: Peer['probes'][number]['latency']) => Partial<Peer['probes'][number]['latency']>,
  only?: Peer['probes'][number]['probe'],
): Peer {
  return {
    ...peer,
    probes: peer.probes.map((probe) =>
      only === undefined || probe.probe === only
        ? { ...probe, latency: { ...probe.latency, ...latencyOf(probe.latency) } }
        : probe,
    ),
  };
}

/** A peer whose connections come up at once. */
export function connectsAtOnce(peer: Peer): Peer {
  return probedAs(peer, ({ sum }) => ({ sum: sum / 1000 }), 'tcp');
}
