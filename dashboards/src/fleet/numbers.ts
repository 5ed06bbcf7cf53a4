import { Short } from '@grafana/grafana-foundation-sdk/units';
import { ofFleet } from '../metrics.ts';
import { statPanel } from '../panels/stat.ts';

/** As the agent has it that reaches most: one beside a member that was removed may have an old list. */
const spare = `max by (cluster) (${ofFleet('etcd_caretaker_cluster_voters_reachable')} - ${ofFleet('etcd_caretaker_cluster_quorum_size')})`;
const voters = `max by (cluster) (${ofFleet('etcd_caretaker_cluster_members', 'role="voter"')})`;
const pages = ofFleet('ALERTS', 'alertstate="firing"', 'severity="page"');

/** How many clusters need somebody, by what is wrong. */
export const numberPanels = [
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
    query: { expr: `count(${spare} < 0) or vector(0)`, legend: 'clusters' },
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
    query: { expr: `count((${spare} == 0) and (${voters} > 2)) or vector(0)`, legend: 'clusters' },
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
