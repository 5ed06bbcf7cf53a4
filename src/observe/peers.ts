import type { Finding, PeerReading, PeersSection } from '../cluster/sections.ts';
import type { ListedMember } from '../etcd/types.ts';
import { atMost } from './at-most.ts';
import type { Collector } from './collector.ts';
import { parseEndpoint } from './endpoint-url.ts';
import { KnownMembers, type Membership } from './known-members.ts';
import { peerFindings } from './peer-probe/peer-findings.ts';
import { PeerWatch } from './peer-probe/peer-watch.ts';
import { Slots } from './peer-probe/slots.ts';
import { TlsCredentials, type TlsFiles } from './tls-credentials.ts';

export interface PeersOptions {
  /** For `https` peer URLs; the files are read again when they change. Without a certificate HTTP cannot be measured. */
  readonly tls?: TlsFiles;
  /** How often each peer URL is probed. */
  readonly intervalMs: number;
  /** How long each of the probes (TCP, TLS, HTTP) may take. Default 2 s. */
  readonly timeoutMs?: number;
  /** How many peer URLs are probed at once. Default 8. */
  readonly concurrency?: number;
  /**
   * How often a peer is probed that refuses the agent for want of a good certificate. Default 60 s: etcd logs a warning
   * each time.
   */
  readonly refusedIntervalMs?: number;
}

/** How long a collection waits for peers that are new to it. */
const firstExchangeMs = 150;

/** A peer URL that is being watched. */
interface WatchedUrl {
  readonly member: ListedMember;
  readonly url: string;
}

/**
 * Round trips to every other member's peer URLs, and the clocks there. The probing goes on in the background at its own
 * pace; a collection only says which URLs are to be probed, from the member list, and reads what has been measured.
 * Counts are by member id and URL: a removed member's vanish, a replaced member's start anew. Members that have not
 * been started yet (without a name) are left out. While the own member does not answer, the peers known from before go
 * on being probed: that is when one wants to know.
 */
export function peersCollector(options: PeersOptions): Collector<'peers'> {
  const watchOptions = {
    credentials: new TlsCredentials(options.tls),
    slots: new Slots(options.concurrency ?? 8),
    intervalMs: options.intervalMs,
    timeoutMs: options.timeoutMs ?? 2000,
    refusedIntervalMs: options.refusedIntervalMs ?? 60_000,
  };
  const members = new KnownMembers();
  const watches = new Map<string, PeerWatch>();
  const closing = new Set<Promise<void>>();
  let closed = false;

  const end = (key: string, watch: PeerWatch): void => {
    watches.delete(key);
    const ending = watch.close().finally(() => closing.delete(ending));
    closing.add(ending);
  };

  /** Watches these URLs and no others; gives the watches that are new. */
  const follow = (urls: readonly WatchedUrl[]): readonly PeerWatch[] => {
    const begun: PeerWatch[] = [];
    const wanted = new Set(urls.map(keyOf));
    for (const [key, watch] of watches) {
      if (!wanted.has(key)) {
        end(key, watch);
      }
    }
    for (const each of urls) {
      const target = parseEndpoint(each.url);
      if (target !== undefined && !watches.has(keyOf(each)) && !closed) {
        const watch = new PeerWatch(target, watchOptions);
        watches.set(keyOf(each), watch);
        begun.push(watch);
      }
    }
    return begun;
  };

  return {
    name: 'peers',
    async collect(round): Promise<PeersSection> {
      const urls = otherMembersUrls(await members.current(round.sources));
      // A healthy peer is measured within that time, so that the first reading has something to show.
      await atMost(firstExchangeMs, Promise.all(follow(urls).map(({ first }) => first)));
      const peers = urls.flatMap((each): readonly PeerReading[] => {
        const watch = watches.get(keyOf(each));
        return watch === undefined ? [] : [watch.reading(each.member.name, each.member.id)];
      });
      return { peers, findings: [...peerFindings(peers), ...unusable(urls)] };
    },
    async close(): Promise<void> {
      closed = true;
      for (const [key, watch] of watches) {
        end(key, watch);
      }
      await Promise.all(closing);
    },
  };
}

function otherMembersUrls({ ownId, members }: Membership): readonly WatchedUrl[] {
  return members
    .filter(({ id, name }) => id !== ownId && name !== '')
    .flatMap((member) => [...new Set(member.peerUrls)].map((url) => ({ member, url })));
}

function keyOf({ member, url }: WatchedUrl): string {
  return `${member.id} ${url}`;
}

function unusable(urls: readonly WatchedUrl[]): readonly Finding[] {
  return urls
    .filter(({ url }) => parseEndpoint(url) === undefined)
    .map(({ member, url }) => ({
      code: 'PEER_URL_UNUSABLE',
      severity: 'info',
      message: `The peer URL ${url} of ${member.name} is neither http nor https, so it is not probed.`,
      remedy: 'If it is a mistake, correct it with "etcdctl member update".',
    }));
}
