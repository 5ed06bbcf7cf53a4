import { DateTimeFromNow, NoUnit, PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { ofFleet } from '../metrics.ts';
import { type Column, tablePanel } from '../panels/table.ts';
import { YES_IS_WELL } from '../panels/words.ts';

/** Each of them has one row for each cluster, or none. */
const columns: readonly Column[] = [
  {
    legend: 'Voters',
    expr: `max by (cluster) (${ofFleet('etcd_caretaker_cluster_members', 'role="voter"')})`,
  },
  {
    legend: 'May be lost',
    expr:
      `max by (cluster) (${ofFleet('etcd_caretaker_cluster_voters_reachable')} - ` +
      `${ofFleet('etcd_caretaker_cluster_quorum_size')})`,
    limits: { warning: 1, critical: 0, well: 'high' },
  },
  {
    legend: 'Raft leader',
    expr: `max by (cluster) (${ofFleet('etcd_caretaker_cluster_has_leader')})`,
    words: YES_IS_WELL,
  },
  {
    legend: 'Agents',
    expr: `count by (cluster) (${ofFleet('etcd_caretaker_up')} == 1)`,
  },
  {
    legend: 'WAL fsync p99',
    expr: `max by (cluster) (${ofFleet('etcd_caretaker_wal_fsync_p99_seconds')})`,
    unit: Seconds,
    limits: { warning: 0.01, critical: 0.1 },
  },
  {
    legend: 'Quota used',
    expr: `max by (cluster) (${ofFleet('etcd_caretaker_quota_used_ratio')})`,
    unit: PercentUnit,
    limits: { warning: 0.8, critical: 0.92 },
  },
  {
    legend: 'Unprotected',
    expr: `max by (cluster) (${ofFleet('etcd_caretaker_backup_unprotected_seconds')})`,
    unit: Seconds,
    limits: { warning: 300, critical: 3600 },
  },
  {
    legend: 'Last drill',
    expr: `max by (cluster) (${ofFleet('etcd_caretaker_drill_last_success_timestamp_seconds')}) * 1000`,
    unit: DateTimeFromNow,
  },
  {
    legend: 'First certificate ends',
    expr: `min by (cluster) (${ofFleet('etcd_caretaker_certificate_not_after_seconds')}) - time()`,
    unit: Seconds,
    limits: { warning: 30 * 86_400, critical: 3 * 86_400, well: 'high' },
  },
  {
    legend: 'Etcd versions',
    expr: `count by (cluster) (count by (cluster, version) (${ofFleet('etcd_caretaker_member_info', 'version!=""')}))`,
    unit: NoUnit,
    limits: { warning: 2 },
  },
];

/** A row for each cluster, and in it the way to its own page. */
export const fleetTable = tablePanel({
  title: 'Clusters',
  shows: 'Each cluster by its worst member; a click on its name opens it.',
  normal: 'one or more members may be lost, there is a raft leader, one version of etcd, nothing coloured.',
  otherwise: 'open the cluster. A cluster of one voter may never lose it: that is what it was built as.',
  unit: Short,
  labels: { cluster: 'Cluster' },
  columns,
  link: {
    label: 'cluster',
    title: 'Open the cluster',
    url: '/d/etcd-caretaker-cluster?var-cluster=${__value.text}&var-datasource=${datasource}',
  },
  width: 24,
  height: 10,
});
