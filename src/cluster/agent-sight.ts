import type { OwnMemberView } from './own-member.ts';
import { quorumSize } from './quorum.ts';
import type { DiskRole, PeerProbe, QuotaSection, WalSection } from './sections.ts';
import type { MemberObserved } from './state.ts';

/** What one agent sees of its own member, as others are told. */
export interface AgentSight extends Omit<MemberObserved, 'ageSeconds' | 'localPause'> {
  /** Infinity where it is disabled. */
  readonly quotaBytes?: number;
  readonly largestPrefixes?: readonly { readonly prefix: string; readonly bytes: number }[];
  /** Whether each member answers it, by member id. */
  readonly reached?: ReadonlyMap<string, boolean>;
  /** For how long each that does not has not, by the clock of the one who says it; older agents do not. */
  readonly silentSeconds?: ReadonlyMap<string, number>;
}

interface Told<T> {
  readonly value?: T | undefined;
}

interface ToldPeer {
  readonly peerId: string;
  readonly probes: readonly { readonly probe: PeerProbe; readonly lastSeconds?: number | undefined }[];
  readonly clockSkewSeconds?: number | undefined;
}

/** Those parts of `Observation.sections` that the sight is made of; any of them may be missing. */
export interface SightSections {
  readonly wal?:
    | Told<{
        readonly [K in 'walFsyncP99Seconds' | 'backendCommitP99Seconds' | 'defragInflight' | 'compactRevision']?:
          | WalSection[K]
          | undefined;
      }>
    | undefined;
  readonly quota?:
    | Told<{ readonly quotaBytes?: number | undefined; readonly quotaSource: QuotaSection['quotaSource'] }>
    | undefined;
  readonly process?: Told<{ readonly settings: Readonly<Record<string, string>> }> | undefined;
  readonly filesystem?:
    | Told<{ readonly filesystems: readonly { readonly role: DiskRole; readonly availableBytes: number }[] }>
    | undefined;
  readonly peers?: Told<{ readonly peers: readonly ToldPeer[] }> | undefined;
  readonly cluster?:
    | Told<{
        readonly members: readonly {
          readonly id: string;
          readonly reachable: boolean;
          readonly silentSeconds?: number | undefined;
        }[];
      }>
    | undefined;
  readonly certificates?:
    | Told<{ readonly findings: readonly { readonly code: string; readonly message: string }[] }>
    | undefined;
  readonly keyspace?:
    | Told<{
        readonly phase: 'waiting' | 'scanning' | 'current';
        readonly prefixes: readonly { readonly prefix: string; readonly bytes: number }[];
      }>
    | undefined;
}

/**
 * Takes what policies need out of an agent's sections. Sections that failed leave their figures out.
 * @param voters of the cluster, for the round trip that makes a quorum
 * @param own what it says of the process and the data of its member
 */
export function sightOf(sections: SightSections, voters: number, own?: OwnMemberView): AgentSight {
  const { wal, quota, process, filesystem, peers, keyspace, cluster, certificates } = sections;
  const available = filesystem?.value?.filesystems.find(({ role }) => role === 'data')?.availableBytes;
  const rtts = (peers?.value?.peers ?? []).flatMap((peer) => newestRtt(peer) ?? []);
  const byPeer = nearestFirst(peers?.value?.peers ?? []);
  // Itself makes one; so many more make a quorum.
  const quorumRtt = byPeer[quorumSize(voters) - 2];
  const quotaBytes = quota?.value?.quotaSource === 'disabled' ? Number.POSITIVE_INFINITY : quota?.value?.quotaBytes;
  return defined({
    walFsyncP99Seconds: wal?.value?.walFsyncP99Seconds,
    backendCommitP99Seconds: wal?.value?.backendCommitP99Seconds,
    defragInflight: wal?.value?.defragInflight,
    compactRevision: wal?.value?.compactRevision,
    dataAvailableBytes: available,
    clockOffSeconds: clockOff(peers?.value?.peers ?? []),
    worstPeerRttSeconds: rtts.length === 0 ? undefined : Math.max(...rtts),
    quorumRttSeconds: quorumRtt,
    settings: process?.value?.settings,
    staleAuthorities: certificates?.value?.findings.find(({ code }) => code === 'CERT_CA_NOT_RELOADED')?.message,
    quotaBytes,
    largestPrefixes:
      keyspace?.value?.phase === 'current'
        ? keyspace.value.prefixes.map(({ prefix, bytes }) => ({ prefix, bytes }))
        : undefined,
    reached: cluster?.value && new Map(cluster.value.members.map(({ id, reachable }) => [id, reachable])),
    silentSeconds: cluster?.value && silentSecondsIn(cluster.value.members),
    own,
  });
}

function silentSecondsIn(
  members: readonly { readonly id: string; readonly silentSeconds?: number | undefined }[],
): ReadonlyMap<string, number> | undefined {
  const told = members.flatMap(({ id, silentSeconds }) =>
    silentSeconds === undefined ? [] : [[id, silentSeconds] as const],
  );
  return told.length === 0 ? undefined : new Map(told);
}

/**
 * How far the own clock is off: where all peers, two at least, are apart from it in one way, by the least that one of them
 * is; else it is the clock of one of them that is off. Positive: ahead.
 */
function clockOff(peers: readonly ToldPeer[]): number | undefined {
  const skews = peers.flatMap(({ peerId, clockSkewSeconds: skew }) => (skew === undefined ? [] : [{ peerId, skew }]));
  if (new Set(skews.map(({ peerId }) => peerId)).size < 2) return undefined;
  const [least = 0] = skews.map(({ skew }) => skew).toSorted((a, b) => Math.abs(a) - Math.abs(b));
  return skews.every(({ skew }) => Math.sign(skew) === Math.sign(least)) ? 0 - least : 0;
}

/** The newest round trip to one peer URL: HTTP says most, TCP is the next best. */
function newestRtt({ probes }: ToldPeer): number | undefined {
  const of = (name: string): number | undefined => probes.find(({ probe }) => probe === name)?.lastSeconds;
  return of('http') ?? of('tcp');
}

/** The shortest round trip to each peer, nearest first. */
function nearestFirst(peers: readonly ToldPeer[]): readonly number[] {
  const shortest = new Map<string, number>();
  for (const peer of peers) {
    const seconds = newestRtt(peer);
    if (seconds !== undefined) {
      shortest.set(peer.peerId, Math.min(seconds, shortest.get(peer.peerId) ?? Number.POSITIVE_INFINITY));
    }
  }
  return [...shortest.values()].sort((a, b) => a - b);
}

/** Without the fields that are not known. */
function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const known = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
