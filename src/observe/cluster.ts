import { faultOf } from '../cluster/agent-error.ts';
import { assembleCluster, type EndpointReply } from '../cluster/assemble.ts';
import type { StatusReply } from '../etcd/types.ts';
import type { Collector, Round } from './collector.ts';
import { memberStatusOf } from './member-status.ts';

/** What the collector needs of a member's client. */
export interface StatusClient {
  status(signal: AbortSignal): Promise<StatusReply>;
  close(): unknown;
}

export interface ClusterCollectorOptions {
  /** Endpoints from the configuration; asked besides those that the members advertise. */
  readonly endpoints: readonly string[];
  /** Makes the client of one endpoint; the collector owns and closes it. */
  readonly connect: (endpoint: string) => StatusClient;
}

/** Asks every member for its status in each round and compares: reachable, leader, lag, alarms. */
export function clusterCollector(options: ClusterCollectorOptions): Collector<'cluster'> {
  const clients = new Map<string, StatusClient>();

  const ask = async (endpoint: string, signal: AbortSignal): Promise<EndpointReply> => {
    const client = clients.get(endpoint) ?? options.connect(endpoint);
    clients.set(endpoint, client);
    try {
      return { endpoint, status: memberStatusOf(await client.status(signal)) };
    } catch (error) {
      const { code, message } = faultOf(error);
      return { endpoint, fault: { code, message } };
    }
  };

  const forget = async (keep: ReadonlySet<string>): Promise<void> => {
    for (const [endpoint, client] of clients) {
      if (!keep.has(endpoint)) {
        clients.delete(endpoint);
        await client.close();
      }
    }
  };

  return {
    name: 'cluster',
    collect: async ({ signal, sources }: Round) => {
      const [list, alarms] = await Promise.all([sources.members(), sources.alarms().catch(() => [])]);
      const advertised = list.members.flatMap(({ clientUrls }) => clientUrls);
      const endpoints = new Set([...advertised, ...options.endpoints]);
      await forget(endpoints);
      const replies = await Promise.all([...endpoints].map((endpoint) => ask(endpoint, signal)));
      return assembleCluster({
        clusterId: list.header.clusterId,
        linearizable: list.linearizable,
        listed: list.members,
        replies,
        alarms,
      });
    },
    close: () => forget(new Set()),
  };
}
