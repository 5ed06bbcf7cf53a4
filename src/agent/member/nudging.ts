import type { AgentRecord } from '../../cluster/caretaking.ts';
import type { OwnMemberView } from '../../cluster/own-member.ts';
import type { Config } from '../../config/config.ts';
import type { Observer } from '../observer.ts';
import { peerAgents } from '../peer-agents.ts';
import { Nudger, worthNudging } from './nudger.ts';

export interface NudgingParts {
  readonly observer: Pick<Observer, 'runner'>;
  /** What this agent says of its member now. */
  readonly own: () => OwnMemberView;
  /** Those that are registered, as far as this agent knows. */
  readonly agents: () => readonly Pick<AgentRecord, 'member' | 'url'>[];
  /** This very agent may be the one that leads. */
  readonly self: () => void;
}

/** What has the leader look when something has befallen the member of an agent with this configuration, not yet begun. */
export function nudgerOf(config: Config, { observer, own, agents, self }: NudgingParts): Nudger {
  const asked = peerAgents(config, observer);
  return new Nudger({
    what: () => worthNudging(own()),
    // All are told: who leads now may be another one than this agent knows of, without its etcd.
    tell: async (signal) => {
      self();
      const urls = nudgedUrls(config.cluster.peers, agents(), config.member.name);
      // Whoever is not reached, or is of a version that knows no nudge, sees it in its next round.
      await Promise.all(urls.map((url) => asked.post(url, '/api/v1/nudge', '{}', signal).catch(() => undefined)));
    },
  });
}

/** Where the agents beside the other members answer: as they are registered, else as they are configured. */
export function nudgedUrls(
  peers: readonly { readonly name: string; readonly agentUrl: string }[],
  agents: readonly Pick<AgentRecord, 'member' | 'url'>[],
  ownName: string,
): readonly string[] {
  const byMember = new Map([
    ...peers.map(({ name, agentUrl }): [string, string] => [name, agentUrl]),
    ...agents.flatMap(({ member, url }): [string, string][] => (url === undefined ? [] : [[member, url]])),
  ]);
  byMember.delete(ownName);
  return [...new Set(byMember.values())];
}
