import type { StartPlan } from './supervisor.ts';

/**
 * The settings of etcd by which a member begins or finds a cluster, by the names of their flags. They are the agent's own: what
 * the unit, the manifest or the configuration file says of them is overridden at every start. `discovery-endpoints` and
 * `discovery-token` are of 3.6; `force-new-cluster` would throw the other members out.
 */
export const beginSettingNames = [
  'initial-cluster',
  'initial-cluster-state',
  'initial-cluster-token',
  'discovery',
  'discovery-srv',
  'discovery-srv-name',
  'discovery-endpoints',
  'discovery-token',
  'force-new-cluster',
] as const;

/**
 * What of them etcd is to be started with, by the names of the flags; those that are not in it are to be gone. Without an
 * initial cluster that is `initial-cluster-state=existing` alone: a member that has data does not look at it, and one whose data
 * are gone by the time at which it is started (by whomever) then ends with an error of etcd, instead of beginning a cluster of
 * its own or taking its old id again with an empty log.
 */
export function beginSettings({ initial }: StartPlan): ReadonlyMap<string, string> {
  if (initial === undefined) return new Map([['initial-cluster-state', 'existing']]);
  return new Map([
    ['initial-cluster', initial.members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',')],
    ['initial-cluster-state', initial.state],
    ['initial-cluster-token', initial.token],
  ]);
}

/** The value that makes a flag as good as not given. */
export function neutralValue(name: string): string {
  return name === 'force-new-cluster' ? 'false' : '';
}

/** The environment variable in which etcd looks for a setting. */
export function variableOf(name: string): string {
  return `ETCD_${name.toUpperCase().replaceAll('-', '_')}`;
}
