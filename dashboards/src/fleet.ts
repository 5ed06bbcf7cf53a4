import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { BytesIEC, NoUnit, PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { happenings } from './annotations.ts';
import { fleetTable } from './fleet/clusters.ts';
import { frame } from './frame.ts';
import { ofFleet } from './metrics.ts';
import { seriesPanel } from './panels/series.ts';
import { statPanel } from './panels/stat.ts';
import { statesPanel } from './panels/states.ts';
import { tablePanel } from './panels/table.ts';
import { NOW_AND_THEN } from './panels/words.ts';
import { fleetVariables } from './variables.ts';

const reachable = `max by (cluster) (${ofFleet('etcd_caretaker_cluster_voters_reachable')})`;
const needed = `max by (cluster) (${ofFleet('etcd_caretaker_cluster_quorum_size')})`;
const voters = `max by (cluster) (${ofFleet('etcd_caretaker_cluster_members', 'role="voter"')})`;
const pages = ofFleet('ALERTS', 'alertstate="firing"', 'severity="page"');

const numbers = [
  statPanel({
    title: 'Clusters',
    shows: 'Clusters that agents report of.',
    normal: 'as many as you run.',
    otherwise: 'one is missing: no agent of it is scraped. See the targets in Prometheus, and their label `cluster`.',
    alerts: ['EtcdTelemetryLost'],
    unit: Short,
    query: { expr: `count(count by (cluster) (${ofFleet('etcd_caretaker_up')}))`, legend: 'clusters' },
  }),
  statPanel({
    title: 'Without a quorum',
    shows: 'Clusters in which fewer voters answer than must agree, by their own member lists.',
    normal: '0.',
    otherwise:
      'they take no writes. Open the cluster below, then `etcd-caretaker recover`: it says what is to be done.',
    alerts: ['EtcdQuorumLost'],
    unit: Short,
    query: { expr: `count(${reachable} < ${needed}) or vector(0)`, legend: 'clusters' },
    limits: { critical: 1 },
  }),
  statPanel({
    title: 'One loss from an outage',
    shows: 'Clusters of three voters or more whose voters answer just enough for a quorum.',
    normal: '0; for a minute or two 1, while a member restarts.',
    otherwise:
      'the next member that ends stops all writes. See which one is down, and whether its agent is replacing it.',
    alerts: ['EtcdNoFaultTolerance'],
    unit: Short,
    query: { expr: `count((${reachable} == ${needed}) and (${voters} > 2)) or vector(0)`, legend: 'clusters' },
    limits: { warning: 1 },
  }),
  statPanel({
    title: 'Members down',
    shows: 'Members that no agent of their cluster could reach.',
    normal: '0.',
    otherwise:
      'the agent beside it starts it again, or the leading agent replaces it: `etcd-caretaker explain replace`.',
    alerts: ['EtcdMemberDown'],
    unit: Short,
    query: {
      expr: `sum(max by (cluster, member) (${ofFleet('etcd_caretaker_member_reachable')}) == bool 0)`,
      legend: 'members',
    },
    limits: { warning: 1 },
  }),
  statPanel({
    title: 'Pages',
    shows: 'Alerts of severity page that fire.',
    normal: '0.',
    otherwise: 'each is listed below with its cluster; its runbook says what to do.',
    unit: Short,
    query: { expr: `count(${pages}) or vector(0)`, legend: 'pages' },
    limits: { critical: 1 },
  }),
  statPanel({
    title: 'Backups behind',
    shows: 'Clusters in which a change has waited for more than 5 minutes to be restorable from every store.',
    normal: '0.',
    otherwise: 'open Backups and certificates of that cluster: it says which store is behind.',
    alerts: ['EtcdWritesUnprotected', 'EtcdWritesLongUnprotected'],
    unit: Short,
    query: {
      expr: `count(max by (cluster) (${ofFleet('etcd_caretaker_backup_unprotected_seconds')}) > 300) or vector(0)`,
      legend: 'clusters',
    },
    limits: { warning: 1 },
  }),
];

const troubles = [
  tablePanel({
    title: 'What is wrong, and where',
    shows: 'The causes that the agents name, with the member that each is about (none: the whole cluster).',
    normal: 'empty.',
    otherwise: '`etcd-caretaker doctor` beside that member gives the evidence and the first step.',
    unit: NoUnit,
    labels: { cluster: 'Cluster', member: 'Member', verdict: 'Cause' },
    columns: [
      {
        expr: `max by (cluster, member, verdict) (${ofFleet('etcd_caretaker_diagnosis')} == 1)`,
        legend: 'Holds',
        hidden: true,
      },
    ],
    none: 'The agents name no cause',
  }),
  tablePanel({
    title: 'Alerts that fire',
    shows: 'Alerts of these clusters that fire now.',
    normal: 'empty.',
    otherwise: 'begin with those of severity page, and with the lowest layer: disk and network before etcd.',
    unit: NoUnit,
    labels: { cluster: 'Cluster', severity: 'Severity', alertname: 'Alert' },
    columns: [
      {
        expr: `count by (cluster, severity, alertname) (${ofFleet('ALERTS', 'alertstate="firing"', 'severity!="none"')})`,
        legend: 'Series',
      },
    ],
    none: 'No alert fires',
  }),
];

const comparison = [
  seriesPanel({
    title: 'Slowest WAL fsync',
    shows:
      'The p99 of the slowest member of each cluster over the last interval of its agent, from etcd’s own histogram.',
    normal: 'under 10 ms on SSDs.',
    otherwise: 'open the member: its disk row tells a slow device from a busy one.',
    alerts: ['EtcdWalFsyncSlow'],
    unit: Seconds,
    queries: [{ expr: `max by (cluster) (${ofFleet('etcd_caretaker_wal_fsync_p99_seconds')})`, legend: '{{cluster}}' }],
    limits: { warning: 0.01, critical: 0.1 },
    min: 0,
  }),
  seriesPanel({
    title: 'Slowest linearizable read',
    shows: 'What a read that a quorum confirms took through the slowest member, connection and repeats included.',
    normal: 'under 50 ms within one data centre.',
    otherwise: 'a read waits for the raft leader and a majority: compare disks and round trips in the cluster.',
    alerts: ['EtcdSloBurnFast', 'EtcdSloBurnSlow'],
    unit: Seconds,
    queries: [
      { expr: `max by (cluster) (${ofFleet('etcd_caretaker_linearizable_read_seconds')})`, legend: '{{cluster}}' },
    ],
    limits: { warning: 0.1, critical: 0.5 },
    min: 0,
  }),
  seriesPanel({
    title: 'Canaries that failed',
    shows: 'The share of the agents’ own reads and writes that failed or were too slow, over 5 minutes.',
    normal: '0; the objective is 0.1 % over 30 days.',
    otherwise: 'clients of that cluster fail as well. Open it and look at quorum, alarms and disks, in this order.',
    alerts: ['EtcdSloBurnFast', 'EtcdSloBurnSlow'],
    unit: PercentUnit,
    queries: [{ expr: ofFleet('etcd_caretaker:canary_error_ratio:rate5m'), legend: '{{cluster}} {{operation}}' }],
    limits: { warning: 0.001, critical: 0.0144 },
    min: 0,
  }),
  seriesPanel({
    title: 'Quota used',
    shows: 'Size of the database file by the quota, of the fullest member of each cluster.',
    normal: 'under 80 %.',
    otherwise: 'open Keyspace: it names the prefix that grows. The agents compact and defragment by themselves.',
    alerts: ['EtcdQuotaHigh', 'EtcdQuotaCritical'],
    unit: PercentUnit,
    queries: [{ expr: `max by (cluster) (${ofFleet('etcd_caretaker_quota_used_ratio')})`, legend: '{{cluster}}' }],
    limits: { warning: 0.8, critical: 0.92 },
    min: 0,
  }),
  seriesPanel({
    title: 'Largest database',
    shows: 'The largest database file of each cluster.',
    normal: 'up to 8 GiB; level, or a saw-tooth of compactions and defragmentations.',
    otherwise: 'a steady rise ends at the quota: see Keyspace.',
    unit: BytesIEC,
    queries: [{ expr: `max by (cluster) (${ofFleet('etcd_caretaker_member_db_size_bytes')})`, legend: '{{cluster}}' }],
    min: 0,
  }),
  statesPanel({
    title: 'Operations under way',
    shows: 'When which operation of the agents was under way in which cluster.',
    normal:
      'compactions and hash checks now and then, a defragmentation where there was much to reclaim, a drill a day.',
    otherwise: 'one that stands for long: `etcd-caretaker status` says who holds it, in which phase.',
    queries: [
      {
        expr: `max by (cluster, operation) (${ofFleet('etcd_caretaker_operation_in_progress')})`,
        legend: '{{cluster}} {{operation}}',
      },
    ],
    words: NOW_AND_THEN,
    width: 8,
  }),
];

/** All clusters on one page: which one needs somebody, and the way to it. */
export function fleetDashboard(): Dashboard {
  return frame({
    uid: 'etcd-caretaker-fleet',
    title: 'etcd / Fleet',
    description: 'All etcd clusters that etcd-caretaker tends: which one needs somebody, and the way to it.',
    variables: fleetVariables(),
    annotations: happenings('cluster=~"$cluster"'),
    from: 'now-6h',
    rows: [
      { title: 'Is anything wrong?', panels: numbers },
      { title: 'Every cluster', panels: [fleetTable] },
      { title: 'What and where', panels: troubles },
      { title: 'Side by side', panels: comparison },
    ],
  });
}
