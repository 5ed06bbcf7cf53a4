import { BytesIEC, NoUnit, PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { ofCluster } from '../metrics.ts';
import { seriesPanel } from '../panels/series.ts';
import { statPanel } from '../panels/stat.ts';

/** Before anybody asks who: whether it matters. */
export const fullnessPanels = [
  statPanel({
    title: 'Quota used',
    shows: 'Size of the database file by the quota, of the fullest member.',
    normal: 'under 80 %.',
    otherwise:
      'find the prefix below. What is free in the file comes back by itself: the agents compact and defragment.',
    alerts: ['EtcdQuotaHigh', 'EtcdQuotaCritical'],
    unit: PercentUnit,
    query: { expr: `max(${ofCluster('etcd_caretaker_quota_used_ratio')})`, legend: 'used' },
    limits: { warning: 0.8, critical: 0.92 },
    none: 'no quota',
  }),
  statPanel({
    title: 'Full in',
    shows: 'Time until the quota of the first member is full at the present growth.',
    normal: 'weeks, or “does not grow”.',
    otherwise: 'under a day: stop the writer of the prefix that grows below, or raise the quota.',
    alerts: ['EtcdQuotaFullSoon'],
    unit: Seconds,
    query: { expr: `min(${ofCluster('etcd_caretaker_quota_full_in_seconds')} < +Inf)`, legend: 'full in' },
    limits: { warning: 86_400, critical: 14_400, well: 'high' },
    none: 'does not grow',
  }),
  statPanel({
    title: 'Keys',
    shows: 'Keys under all prefixes.',
    normal: 'up to some hundred thousand.',
    otherwise: 'millions: lists and compactions become slow. See who has them, below.',
    unit: Short,
    query: { expr: `max(${ofCluster('etcd_caretaker_keyspace_all_keys')})`, legend: 'keys' },
    none: 'not scanned yet',
  }),
  statPanel({
    title: 'Live data',
    shows: 'Bytes of all keys and their newest values.',
    normal: 'the larger part of the database that is in use.',
    otherwise: 'far below it: old revisions, which wait for a compaction.',
    unit: BytesIEC,
    query: { expr: `max(${ofCluster('etcd_caretaker_keyspace_all_bytes')})`, legend: 'live' },
    none: 'not scanned yet',
  }),
  statPanel({
    title: 'Totals current',
    shows: 'Whether an agent has scanned all keys once and follows every change since.',
    normal: 'yes, from some minutes after the start of the agents.',
    otherwise: 'no: the first scan is not through; it is paced so that etcd does not feel it.',
    unit: NoUnit,
    query: { expr: `max(${ofCluster('etcd_caretaker_keyspace_current')})`, legend: 'current' },
    words: { 0: ['scanning', 'yellow'], 1: ['yes', 'green'] },
  }),
  statPanel({
    title: 'Mean size of a key',
    shows: 'Bytes of key and newest value.',
    normal: 'some kilobytes at most.',
    otherwise: 'large values make every write and every list slow. See the table for the prefix.',
    unit: BytesIEC,
    query: {
      expr: `max(${ofCluster('etcd_caretaker_keyspace_all_bytes')}) / (max(${ofCluster('etcd_caretaker_keyspace_all_keys')}) > 0)`,
      legend: 'mean',
    },
    none: 'not scanned yet',
  }),
  seriesPanel({
    title: 'Live data, in use, file',
    shows: 'Bytes of the newest values, what of the largest database file is in use, and the file itself.',
    normal: 'three lines not far apart, that move together.',
    otherwise:
      'in use far above live: old revisions, until the next compaction. File far above in use: free pages, until the next defragmentation.',
    alerts: ['EtcdFragmented'],
    unit: BytesIEC,
    queries: [
      { expr: `max(${ofCluster('etcd_caretaker_keyspace_all_bytes')})`, legend: 'live' },
      { expr: `max(${ofCluster('etcd_caretaker_member_db_size_in_use_bytes')})`, legend: 'in use' },
      { expr: `max(${ofCluster('etcd_caretaker_member_db_size_bytes')})`, legend: 'file' },
      { expr: `min(${ofCluster('etcd_caretaker_quota_bytes')})`, legend: 'quota' },
    ],
    width: 24,
    min: 0,
  }),
];
