import type { OwnMemberView } from '../../cluster/own-member.ts';
import { ownTold } from '../../cluster/told-own.ts';
import type { ConfiguredPeer } from '../../config/configured-peer.ts';

/** What the agent beside a planned member says of it; absent where it did not answer. */
export interface PeerTold {
  readonly peer: ConfiguredPeer;
  readonly own?: OwnMemberView;
}

/**
 * Asks the agents beside all planned members but the own one, all at once, without etcd. One that does not answer, or stands beside
 * another member, is said to be unreachable: never absent.
 * @param fetchAgent reads JSON from the API of another agent
 */
export async function peersTold(
  peers: readonly ConfiguredPeer[],
  ownName: string,
  fetchAgent: (url: string, path: string, signal: AbortSignal) => Promise<unknown>,
  signal: AbortSignal,
): Promise<readonly PeerTold[]> {
  const others = peers.filter(({ name }) => name !== ownName);
  return await Promise.all(
    others.map(async (peer): Promise<PeerTold> => {
      const reply = await fetchAgent(peer.agentUrl, '/api/v1/observation', signal).catch(() => undefined);
      signal.throwIfAborted();
      const own = textOf(reply, 'member') === peer.name ? ownTold(fieldOf(reply, 'own')) : undefined;
      return { peer, ...(own === undefined ? {} : { own }) };
    }),
  );
}

function fieldOf(reply: unknown, name: string): unknown {
  return typeof reply === 'object' && reply !== null ? Reflect.get(reply, name) : undefined;
}

function textOf(reply: unknown, name: string): string | undefined {
  const value = fieldOf(reply, name);
  return typeof value === 'string' ? value : undefined;
}
