/**
 * How series are chosen and named. Every target, agents and etcds alike, is scraped with the label `cluster`; `instance` is its address.
 * What agents say of all members has the label `member`; what they say of their own member, and all that etcd says, has none:
 * it is named here, by what the agents know.
 */

/** A metric that an agent or etcd exposes, of the chosen cluster. */
export function ofCluster(metric: string, ...matchers: readonly string[]): string {
  return `${metric}{${['cluster="$cluster"', ...matchers].join(', ')}}`;
}

/** A metric of the chosen clusters, on a dashboard over many. */
export function ofFleet(metric: string, ...matchers: readonly string[]): string {
  return `${metric}{${['cluster=~"$cluster"', ...matchers].join(', ')}}`;
}

/** A metric of the agent beside the chosen member. */
export function ofAgent(metric: string, ...matchers: readonly string[]): string {
  return ofCluster(metric, 'instance=~"$agent"', ...matchers);
}

/** A metric of the chosen member's etcd. */
export function ofEtcd(metric: string, ...matchers: readonly string[]): string {
  return ofCluster(metric, 'instance=~"$etcd"', ...matchers);
}

/** What all agents say of the chosen member. */
export function ofMember(metric: string, ...matchers: readonly string[]): string {
  return ofCluster(metric, 'member="$member"', ...matchers);
}

/** Per second. */
export function rate(selector: string): string {
  return `rate(${selector}[$__rate_interval])`;
}

/** What series of agents are multiplied by to get the label `member`: the one beside which the agent is. */
export const WITH_AGENTS_MEMBER = `on (instance) group_left (member) ${oneOf('instance', ofCluster('etcd_caretaker_agent_info'))}`;

/**
 * The same figure by member, from series of the agents beside them.
 *
 * @param expr PromQL with the label `instance`, of `cluster="$cluster"`
 */
export function byAgentsMember(expr: string): string {
  return `max by (member) ((${expr}) * ${WITH_AGENTS_MEMBER})`;
}

/**
 * The same figure by member, from series of etcd: it does not say its name, but its id, and that the agents know.
 *
 * @param expr PromQL with the label `instance`, of `cluster="$cluster"`, and no more labels
 */
export function byServersMember(expr: string): string {
  const named = memberOfServer(ofCluster('etcd_server_id'), ofCluster('etcd_caretaker_member_info'));
  return `max by (member) ((${expr}) * on (instance) group_left (member) ${oneOf('instance', named)})`;
}

/**
 * The series of `etcd_server_id`, each with the name of its member.
 *
 * @param known the series of `etcd_caretaker_member_info` to go by
 */
export function memberOfServer(serverId: string, known: string): string {
  const named = `label_replace(${known}, "server_id", "$1", "member_id", "(.+)")`;
  return `${serverId} * on (server_id) group_left (member) ${oneOf('server_id', named)}`;
}

/** One member for each value of a label: two would fail the whole query, as for seconds where a member gets its name. */
function oneOf(label: string, series: string): string {
  return `topk by (${label}) (1, max by (${label}, member) (${series}))`;
}

/** A quantile of a histogram; `by` keeps labels apart. */
export function quantile(q: number, buckets: string, ...by: readonly string[]): string {
  return `histogram_quantile(${q}, sum by (${['le', ...by].join(', ')}) (${rate(buckets)}))`;
}

/** The mean duration of what was counted: seconds per piece; nothing while there was none. */
export function meanSeconds(seconds: string, count: string): string {
  return `${rate(seconds)} / (${rate(count)} > 0)`;
}
