import { within } from '../abort/linked-abort.ts';
import { faultOf } from '../cluster/agent-error.ts';
import { assembleCluster } from '../cluster/assemble.ts';
import type { EndpointReply } from '../cluster/cluster-replies.ts';
import { Silences } from '../cluster/silences.ts';
import { alarmsIn } from '../etcd/alarms.ts';
import type { AlarmEntry, StatusReply } from '../etcd/types.ts';
import type { Collector, Round } from './collector.ts';
import { memberStatusOf } from './member-status.ts';
import { RememberedList } from './remembered-list.ts';

/** What the collector needs of a member's client. */
export interface StatusClient {
  status(signal: AbortSignal): Promise<StatusReply>;
}

export interface ClusterCollectorOptions {
  /** The own member's name, to be missed in the list. */
  readonly member: string;
  /** The own member's endpoint: its reply is the one that all collectors share. */
  readonly ownEndpoint: string;
  /** Endpoints from the configuration; asked besides those that the members advertise. */
  readonly endpoints: readonly string[];
  readonly clientOf: (endpoint: string) => StatusClient;
  /** Told in every round which endpoints are still asked: the clients of others may be closed. */
  readonly retain: (endpoints: ReadonlySet<string>) => void;
  /** How long a member may take for its status; shorter than the collector's deadline, so that one does not hide the others. */
  readonly statusTimeoutMs: number;
}

/** What an endpoint answered, and the alarms that it knows of. */
interface Asked extends EndpointReply {
  readonly alarms?: readonly AlarmEntry[];
}

/**
 * Asks every member for its status in each round and compares: reachable, leader, lag, alarms. The members of the round
 * before are asked while the list is still on its way, since without a quorum the list takes as long as a timeout. Where no
 * member gives the list any more, the last one counts.
 */
export function clusterCollector(options: ClusterCollectorOptions): Collector<'cluster'> {
  let known = new Set(options.endpoints);
  const remembered = new RememberedList();
  const silences = new Silences();

  const replyOf = (endpoint: string, { signal, sources }: Round): Promise<StatusReply> => {
    if (endpoint === options.ownEndpoint) return sources.ownReply();
    const client = options.clientOf(endpoint);
    return within([signal], options.statusTimeoutMs, (until) => client.status(until));
  };

  const ask = async (endpoint: string, round: Round): Promise<Asked> => {
    try {
      const reply = await replyOf(endpoint, round);
      return { endpoint, status: memberStatusOf(reply), alarms: alarmsIn(reply) };
    } catch (error) {
      const { code, message } = faultOf(error);
      return { endpoint, fault: { code, message } };
    }
  };

  return {
    name: 'cluster',
    collect: async (round: Round) => {
      const early = new Map([...known].map((endpoint) => [endpoint, ask(endpoint, round)]));
      const { list, ageSeconds, findings } = await remembered.best(round.sources, round.signal);
      known = new Set([...list.members.flatMap(({ clientUrls }) => clientUrls), ...options.endpoints]);
      const replies = await Promise.all([...known].map((endpoint) => early.get(endpoint) ?? ask(endpoint, round)));
      options.retain(known);
      const { clusterId } = list.header;
      const alarms = newestAlarms(replies, clusterId);
      const section = assembleCluster({
        clusterId,
        linearizable: list.linearizable,
        listed: list.members,
        replies,
        ...(alarms === undefined ? {} : { alarms }),
        // While it answers, its reply says who it is.
        ...(replies.some(({ endpoint, status }) => endpoint === options.ownEndpoint && status !== undefined)
          ? {}
          : { silentMember: options.member }),
      });
      silences.look(section.members, performance.now());
      return {
        ...section,
        members: section.members.map((member) =>
          member.reachable ? member : { ...member, silentSeconds: silences.secondsOf(member.id) },
        ),
        ...(ageSeconds === undefined ? {} : { listAgeSeconds: ageSeconds }),
        findings: [...section.findings, ...findings],
      };
    },
  };
}

/** The alarms as the member knows them that has applied most of the log; undefined where no member said its status. */
function newestAlarms(replies: readonly Asked[], clusterId: string): readonly AlarmEntry[] | undefined {
  let newest: Asked | undefined;
  for (const reply of replies) {
    if (reply.status?.clusterId !== clusterId) continue;
    if (newest?.status === undefined || reply.status.raftAppliedIndex > newest.status.raftAppliedIndex) newest = reply;
  }
  return newest?.alarms;
}
