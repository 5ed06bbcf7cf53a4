import type { Config } from '../config/config.ts';
import { PeerAgents } from '../observe/peer-agent.ts';
import type { Observer } from './observer.ts';

/** How long a read of another agent may take. */
const READ_TIMEOUT_MS = 2000;

/**
 * What asks other agents with this agent's certificate. Besides the hosts of the member list it trusts those of the planned members, which
 * the configuration names: without etcd there is no list.
 * @param token sent along where something is to be changed
 */
export function peerAgents(
  { expose, cluster }: Config,
  { runner }: Pick<Observer, 'runner'>,
  token?: () => Promise<string>,
): PeerAgents {
  const { cert, key, clientCa } = expose.tls;
  return new PeerAgents({
    tls: {
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(clientCa === undefined ? {} : { clientCa }),
    },
    memberUrls: () => {
      const members = runner.observation.sections.cluster?.value?.members ?? [];
      const listed = members.flatMap(({ clientUrls, peerUrls }) => [...clientUrls, ...peerUrls]);
      return [...listed, ...cluster.peers.map(({ peerUrl }) => peerUrl)];
    },
    timeoutMs: READ_TIMEOUT_MS,
    ...(token === undefined ? {} : { token }),
  });
}
