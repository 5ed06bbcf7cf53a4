import { BytesIEC, PercentUnit, Seconds } from '@grafana/grafana-foundation-sdk/units';
import { byAgentsMember, byServersMember, ofCluster, quantile, rate } from '../metrics.ts';
import { seriesPanel } from '../panels/series.ts';

/** Disks side by side, and what fills them. */
export const diskPanels = [
  seriesPanel({
    title: 'WAL fsync p99',
    shows: 'The 99th percentile of etcd’s WAL fsyncs, by member.',
    normal: 'under 10 ms. Etcd’s buckets begin at 1 ms: below that it cannot tell.',
    otherwise: 'all members: the load. One: its disk; open the member and compare with the probe and the device.',
    alerts: ['EtcdWalFsyncSlow', 'EtcdWalFsyncStalling'],
    unit: Seconds,
    queries: [
      {
        expr: byServersMember(quantile(0.99, ofCluster('etcd_disk_wal_fsync_duration_seconds_bucket'), 'instance')),
        legend: '{{member}}',
      },
    ],
    limits: { warning: 0.01, critical: 0.1 },
    min: 0,
  }),
  seriesPanel({
    title: 'Backend commit p99',
    shows: 'The 99th percentile of commits of etcd’s database, by member.',
    normal: 'under 25 ms.',
    otherwise:
      'fsync well and commits slow: large transactions, or a database with many free pages. Both slow: the disk.',
    alerts: ['EtcdCommitSlow'],
    unit: Seconds,
    queries: [
      {
        expr: byServersMember(
          quantile(0.99, ofCluster('etcd_disk_backend_commit_duration_seconds_bucket'), 'instance'),
        ),
        legend: '{{member}}',
      },
    ],
    limits: { warning: 0.025, critical: 0.25 },
    min: 0,
  }),
  seriesPanel({
    title: 'Devices busy',
    shows: 'The share of time in which the device under the WAL had at least one request, by member.',
    normal: 'under 60 %.',
    otherwise: 'busy and etcd’s own share small: somebody else writes there. Open the member: Pressure and share.',
    alerts: ['EtcdDeviceSaturated'],
    unit: PercentUnit,
    queries: [
      {
        expr: byAgentsMember(
          `max by (instance) (${rate(ofCluster('etcd_caretaker_disk_io_time_seconds_total', 'role="wal"'))})`,
        ),
        legend: '{{member}}',
      },
    ],
    limits: { warning: 0.6, critical: 0.9 },
    min: 0,
  }),
  seriesPanel({
    title: 'Database files',
    shows: 'The size of each member’s database file, and how much of it holds data.',
    normal: 'about the same for all members; in use not far below.',
    otherwise:
      'far apart: free pages, which a defragmentation gives back; the agents do it one member after the other.',
    alerts: ['EtcdQuotaHigh', 'EtcdQuotaFullSoon'],
    unit: BytesIEC,
    queries: [
      { expr: `max by (member) (${ofCluster('etcd_caretaker_member_db_size_bytes')})`, legend: '{{member}}' },
      {
        expr: `max by (member) (${ofCluster('etcd_caretaker_member_db_size_in_use_bytes')})`,
        legend: '{{member}} in use',
      },
    ],
    min: 0,
  }),
  seriesPanel({
    title: 'Time until the quota is full',
    shows: 'At the present growth of what is in use, by member. Nothing while there are too few samples, or no growth.',
    normal: 'weeks, or nothing.',
    otherwise: 'days: see Keyspace for the prefix. Hours: raise the quota or delete, before NOSPACE stops all writes.',
    alerts: ['EtcdQuotaFullSoon'],
    unit: Seconds,
    queries: [
      {
        expr: byAgentsMember(`${ofCluster('etcd_caretaker_quota_full_in_seconds')} < +Inf`),
        legend: '{{member}}',
      },
    ],
    logarithmic: true,
  }),
  seriesPanel({
    title: 'Free space of the file system',
    shows: 'The share that is still free where the WAL and the data dir lie, by member.',
    normal: 'over 20 %.',
    otherwise: 'see what else lies there: quarantined data dirs (the agents release them by age), logs, images.',
    alerts: ['EtcdFilesystemFilling', 'EtcdFilesystemFull'],
    unit: PercentUnit,
    queries: ['wal', 'data'].map((role) => ({
      expr: byAgentsMember(
        `${ofCluster('etcd_caretaker_filesystem_available_bytes', `role="${role}"`)} / ` +
          `${ofCluster('etcd_caretaker_filesystem_size_bytes', `role="${role}"`)}`,
      ),
      legend: `{{member}} ${role}`,
    })),
    limits: { warning: 0.2, critical: 0.1, well: 'high' },
    min: 0,
    max: 1,
  }),
];
