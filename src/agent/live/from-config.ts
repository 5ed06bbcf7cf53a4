import type { Config } from '../../config/config.ts';
import type { Observer } from '../observer.ts';
import { peerAgents } from '../peer-agents.ts';
import { Live, type LiveOptions } from './live.ts';

/** What an agent with this configuration shows live. */
export function liveOf(
  config: Config,
  {
    observer,
    ...parts
  }: Pick<LiveOptions, 'observation' | 'caretaking'> & { readonly observer: Pick<Observer, 'runner'> },
): Live {
  const agents = peerAgents(config, observer);
  return new Live({
    ...parts,
    configured: new Map(config.cluster.peers.map(({ name, agentUrl }) => [name, agentUrl])),
    fetch: (base, path, signal) => agents.fetch(base, path, signal),
  });
}
