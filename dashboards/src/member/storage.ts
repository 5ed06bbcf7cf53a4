import { BytesIEC, BytesPerSecondIEC, PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { ofAgent, ofEtcd } from '../metrics.ts';
import { seriesPanel } from '../panels/series.ts';
import { statPanel } from '../panels/stat.ts';

/** How full it is, and when it will be. */
export const storagePanels = [
  statPanel({
    title: 'Quota used',
    shows: 'Size of the database file by the quota.',
    normal: 'under 80 %.',
    otherwise: 'the agents compact and defragment; what remains is data: see Keyspace.',
    alerts: ['EtcdQuotaHigh', 'EtcdQuotaCritical'],
    unit: PercentUnit,
    query: { expr: `max(${ofAgent('etcd_caretaker_quota_used_ratio')})`, legend: 'used' },
    limits: { warning: 0.8, critical: 0.92 },
    none: 'no quota',
  }),
  statPanel({
    title: 'Full in',
    shows: 'Time until the quota is full at the present growth.',
    normal: 'weeks, or nothing: it does not grow, or there are not enough samples yet.',
    otherwise: 'under a day: find the prefix in Keyspace, before NOSPACE stops all writes.',
    alerts: ['EtcdQuotaFullSoon'],
    unit: Seconds,
    query: { expr: `min(${ofAgent('etcd_caretaker_quota_full_in_seconds')} < +Inf)`, legend: 'full in' },
    limits: { warning: 86_400, critical: 14_400, well: 'high' },
    none: 'does not grow',
  }),
  statPanel({
    title: 'Growth',
    shows: 'Robust slope of the bytes in use.',
    normal: 'about 0 over hours.',
    otherwise: 'steadily above 0: something is written and never deleted.',
    alerts: ['EtcdQuotaFullSoon'],
    unit: BytesPerSecondIEC,
    query: { expr: `max(${ofAgent('etcd_caretaker_db_growth_bytes_per_second')})`, legend: 'growth' },
    none: 'not known yet',
  }),
  statPanel({
    title: 'Free pages',
    shows: 'The share of the database file that holds nothing; a defragmentation gives it back.',
    normal: 'under 50 %.',
    otherwise: '`etcd-caretaker explain defrag` says when it will be done, or why not.',
    alerts: ['EtcdFragmented'],
    unit: PercentUnit,
    query: { expr: `max(${ofAgent('etcd_caretaker_db_fragmentation_ratio')})`, legend: 'free pages' },
    limits: { warning: 0.5 },
  }),
  statPanel({
    title: 'Disk free',
    shows: 'The smaller share that is still free of the file systems under WAL and data dir.',
    normal: 'over 20 %.',
    otherwise: 'see what else lies there; quarantined data dirs are released by age.',
    alerts: ['EtcdFilesystemFilling', 'EtcdFilesystemFull'],
    unit: PercentUnit,
    query: {
      expr: `min(${ofAgent('etcd_caretaker_filesystem_available_bytes')} / ${ofAgent('etcd_caretaker_filesystem_size_bytes')})`,
      legend: 'free',
    },
    limits: { warning: 0.2, critical: 0.1, well: 'high' },
  }),
  statPanel({
    title: 'Inodes free',
    shows: 'The smaller share of free inodes of the file systems under WAL and data dir.',
    normal: 'over 20 %.',
    otherwise: 'somebody leaves many small files there.',
    alerts: ['EtcdFilesystemFilling', 'EtcdFilesystemFull'],
    unit: PercentUnit,
    query: {
      expr: `min(${ofAgent('etcd_caretaker_filesystem_files_free')} / (${ofAgent('etcd_caretaker_filesystem_files')} > 0))`,
      legend: 'free',
    },
    limits: { warning: 0.2, critical: 0.1, well: 'high' },
    none: 'not limited',
  }),
  seriesPanel({
    title: 'Database and quota',
    shows: 'The database file, what of it holds data, and the quota.',
    normal: 'well below the quota.',
    otherwise: 'at the quota etcd raises NOSPACE and takes no writes.',
    alerts: ['EtcdQuotaHigh', 'EtcdQuotaCritical'],
    unit: BytesIEC,
    queries: [
      { expr: `max(${ofAgent('etcd_caretaker_quota_bytes')})`, legend: 'quota' },
      { expr: `max(${ofEtcd('etcd_mvcc_db_total_size_in_bytes')})`, legend: 'file' },
      { expr: `max(${ofEtcd('etcd_mvcc_db_total_size_in_use_in_bytes')})`, legend: 'in use' },
    ],
    min: 0,
  }),
  seriesPanel({
    title: 'Revisions kept',
    shows: 'Revisions since the last compaction: what watchers can go back to, and what a compaction would free.',
    normal: 'a saw-tooth.',
    otherwise:
      'rises only: nobody compacts. `etcd-caretaker explain compaction` says why it waits, for example for a backup.',
    alerts: ['EtcdQuotaFullSoon'],
    unit: Short,
    queries: [
      {
        expr:
          `max(${ofEtcd('etcd_debugging_mvcc_current_revision')} - ` +
          `clamp_min(${ofEtcd('etcd_debugging_mvcc_compact_revision')}, 0))`,
        legend: 'revisions',
      },
      { expr: `max(${ofEtcd('etcd_debugging_mvcc_keys_total')})`, legend: 'keys' },
    ],
    min: 0,
  }),
  seriesPanel({
    title: 'Read transactions and defragmentation',
    shows: 'Open read transactions of the database, and whether a defragmentation is under way (1).',
    normal: 'few; 0.',
    otherwise:
      'a read transaction that stays open, as of a snapshot that hangs, keeps pages from being used again: the file grows.',
    unit: Short,
    queries: [
      { expr: `max(${ofEtcd('etcd_mvcc_db_open_read_transactions')})`, legend: 'read transactions' },
      { expr: `max(${ofEtcd('etcd_disk_defrag_inflight')})`, legend: 'defragmentation' },
    ],
    min: 0,
  }),
];
