import type { Finding, Histogram } from './reading.ts';

export type PeerProbe = 'tcp' | 'tls' | 'http';

/** Round trips to one peer URL. */
export interface PeerReading {
  readonly peer: string;
  readonly peerId: string;
  readonly url: string;
  readonly probes: readonly {
    readonly probe: PeerProbe;
    readonly latency: Histogram;
    readonly failures: number;
    /** The newest round trip; absent when it failed. */
    readonly lastSeconds?: number;
    readonly fault?: { readonly code: string; readonly message: string; readonly remedy?: string };
    /** The agent lacks what the probe takes (a certificate): neither a success nor a failure of the peer. */
    readonly impossible?: true;
  }[];
  /** Peer's clock minus ours, corrected by half the round trip; positive: the peer is ahead. */
  readonly clockSkewSeconds?: number;
  /** Half the round trip: the skew is known to this precision. */
  readonly clockSkewErrorSeconds?: number;
}

/** The collector `peers`. */
export interface PeersSection {
  readonly peers: readonly PeerReading[];
  /** Peers whose probes fail, what keeps the agent from measuring one, and clocks that are apart. */
  readonly findings: readonly Finding[];
}
