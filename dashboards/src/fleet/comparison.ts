import { BytesIEC, PercentUnit, Seconds } from '@grafana/grafana-foundation-sdk/units';
import { ofFleet } from '../metrics.ts';
import { seriesPanel } from '../panels/series.ts';
import { statesPanel } from '../panels/states.ts';
import { NOW_AND_THEN } from '../panels/words.ts';

/** The clusters beside each other, each by its worst member. */
export const comparisonPanels = [
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
    alerts: ['EtcdSloBurnFast', 'EtcdSloBurnMedium', 'EtcdSloBurnSlow'],
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
    alerts: ['EtcdSloBurnFast', 'EtcdSloBurnMedium', 'EtcdSloBurnSlow'],
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
