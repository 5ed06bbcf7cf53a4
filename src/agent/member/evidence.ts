import { within } from '../../abort/linked-abort.ts';
import type { StorePlace } from '../../backup/places.ts';
import { BY_STATEFULSET } from '../../cluster/caretaking.ts';
import type { SeenList } from '../../decide/boot/evidence.ts';
import type { MemberClient } from '../../etcd/member-client.ts';
import { type JournalKeys, journalKeys } from '../../journal/keys.ts';
import { removedBy } from '../../journal/removal.ts';
import type { PeerTold } from './peers-told.ts';

/** What others say right before it is decided what to do with a member that does not run. Nothing here throws but for the signal. */
export interface Evidence {
  /** @param quorumMs how long a quorum is waited for, before the memory of a member counts; default: half of what a read may take */
  list(signal: AbortSignal, quorumMs?: number): Promise<SeenList | undefined>;
  /** Who removed this member: an operation of the agents, or else a person; undefined where the journal cannot be read. */
  removedBy(memberId: string, signal: AbortSignal): Promise<'journal' | 'person' | undefined>;
  peers(signal: AbortSignal): Promise<readonly PeerTold[]>;
  store(signal: AbortSignal): Promise<'none-configured' | 'no-chain' | 'has-chain' | 'unreachable'>;
}

export interface EvidenceParts {
  /** Goes through any member. */
  readonly client: MemberClient;
  readonly keyPrefix: string;
  readonly peers: (signal: AbortSignal) => Promise<readonly PeerTold[]>;
  /** One for each store: what there is of this cluster. */
  readonly places: (signal: AbortSignal) => Promise<readonly (readonly StorePlace[] | undefined)[]>;
  /** How long each read may take. */
  readonly timeoutMs: number;
}

/** An operation by which a person, or a StatefulSet that was made smaller, has a member leave. */
const LEAVE = 'leave';

export function evidenceOf({ client, keyPrefix, peers, places, timeoutMs }: EvidenceParts): Evidence {
  const keys: JournalKeys = journalKeys(keyPrefix);
  const unlessAsked = <T>(signal: AbortSignal, read: (until: AbortSignal) => Promise<T>): Promise<T | undefined> =>
    within([signal], timeoutMs, read).catch(() => {
      signal.throwIfAborted();
      return undefined;
    });
  return {
    list: (signal, quorumMs = timeoutMs / 2) =>
      unlessAsked(signal, async (until) => {
        const { header, members, linearizable } = await client.memberList(until, quorumMs);
        return { clusterId: header.clusterId, members, linearizable };
      }),
    removedBy: (memberId, signal) =>
      unlessAsked(signal, async (until) => {
        const removal = await removedBy(client, keys, memberId, until);
        if (removal?.operation === LEAVE && removal.requestedBy === BY_STATEFULSET) return 'journal';
        return removal === undefined || removal.operation === LEAVE ? 'person' : 'journal';
      }),
    peers,
    store: async (signal) => {
      const stores = await places(signal);
      if (stores.length === 0) return 'none-configured';
      if (stores.some((found) => found !== undefined && found.length > 0)) return 'has-chain';
      return stores.includes(undefined) ? 'unreachable' : 'no-chain';
    },
  };
}
