import { within } from '../abort/linked-abort.ts';
import { faultOf } from '../cluster/agent-error.ts';
import { assembleCluster, type EndpointReply } from '../cluster/assemble.ts';
import type { StatusReply } from '../etcd/types.ts';
import type { Collector, Round } from './collector.ts';
import { memberStatusOf } from './member-status.ts';

/** What the collector needs of a member's client. */
export interface StatusClient {
  status(signal: AbortSignal): Promise<StatusReply>;
}

export interface ClusterCollectorOptions {
  /** Endpoints from the configuration; asked besides those that the members advertise. */
  readonly endpoints: readonly string[];
  readonly clientOf: (endpoint: string) => StatusClient;
  /** Told in every round which endpoints are still asked: the clients of others may be closed. */
  readonly retain: (endpoints: ReadonlySet<string>) => void;
  /** How long a member may take for its status; shorter than the collector's deadline, so that one does not hide the others. */
  readonly statusTimeoutMs: number;
}

/**
 * Asks every member for its status in each round and compares: reachable, leader, lag, alarms. The members of the round
 * before are asked while the list is still on its way, since without a quorum the list takes as long as a timeout.
 */
export function clusterCollector(options: ClusterCollectorOptions): Collector<'cluster'> {
  let known = new Set(options.endpoints);

  const ask = async (endpoint: string, signal: AbortSignal): Promise<EndpointReply> => {
    try {
      const client = options.clientOf(endpoint);
      const reply = await within([signal], options.statusTimeoutMs, (until) => client.status(until));
      return { endpoint, status: memberStatusOf(reply) };
    } catch (error) {
      const { code, message } = faultOf(error);
      return { endpoint, fault: { code, message } };
    }
  };

  return {
    name: 'cluster',
    collect: async ({ signal, sources }: Round) => {
      const early = new Map([...known].map((endpoint) => [endpoint, ask(endpoint, signal)]));
      const [list, alarms] = await Promise.all([sources.members(), sources.alarms().catch(() => [])]);
      known = new Set([...list.members.flatMap(({ clientUrls }) => clientUrls), ...options.endpoints]);
      const replies = await Promise.all([...known].map((endpoint) => early.get(endpoint) ?? ask(endpoint, signal)));
      options.retain(known);
      return assembleCluster({
        clusterId: list.header.clusterId,
        linearizable: list.linearizable,
        listed: list.members,
        replies,
        alarms,
      });
    },
  };
}
