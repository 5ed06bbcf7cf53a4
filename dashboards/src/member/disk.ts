import { IOOpsPerSecond, PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { meanSeconds, ofAgent, ofEtcd, quantile, rate } from '../metrics.ts';
import { heatMapPanel } from '../panels/heat-map.ts';
import { seriesPanel } from '../panels/series.ts';

const fsyncs = ofEtcd('etcd_disk_wal_fsync_duration_seconds_bucket');
const commits = ofEtcd('etcd_disk_backend_commit_duration_seconds_bucket');
const probes = ofAgent('etcd_caretaker_disk_fsync_probe_seconds_bucket', 'role="wal"');

/** A counter of the device under the WAL. */
function device(metric: string): string {
  return ofAgent(`etcd_caretaker_disk_${metric}`, 'role="wal"');
}

/** Three layers on one time axis: what etcd waits for, what anybody would wait for, and what the device does. */
export const diskPanels = [
  heatMapPanel({
    title: 'etcd: WAL fsync',
    shows: 'Every WAL fsync of etcd, by how long it took. Etcd’s buckets begin at 1 ms.',
    normal: 'nearly all in the lowest rows, under 10 ms; single ones higher.',
    otherwise:
      'look at the same time in the two panels below. All three slow: the device. Only this one: etcd’s own load, or no CPU.',
    alerts: ['EtcdWalFsyncSlow', 'EtcdWalFsyncStalling'],
    buckets: fsyncs,
  }),
  heatMapPanel({
    title: 'Probe: a write with fdatasync beside the WAL',
    shows:
      'The agent’s own writes of 2300 bytes with fdatasync into the folder of the WAL, by how long they took. Buckets from 0.25 ms.',
    normal: 'like etcd’s own: under 10 ms on SSDs, under 1 ms on NVMe with a safe cache.',
    otherwise:
      'slow: not etcd is at fault, but what is under it. Fast while etcd is slow: the disk is well; see CPU pressure.',
    alerts: ['EtcdWalFsyncSlow', 'EtcdWalFsyncStalling'],
    buckets: probes,
  }),
  seriesPanel({
    title: 'Device: how long a request takes',
    shows: 'Mean duration of writes, reads and flushes of the device under the WAL, as the kernel counts them.',
    normal: 'under 2 ms on SSDs; flushes up to 10 ms.',
    otherwise:
      'slow though little busy: a sick or throttled device, as cloud disks over their limit are. Slow and busy: too much load.',
    alerts: ['EtcdDeviceSaturated', 'EtcdWalFsyncSlow'],
    unit: Seconds,
    queries: [
      {
        expr: `max by (device) (${meanSeconds(device('write_time_seconds_total'), device('writes_completed_total'))})`,
        legend: '{{device}} write',
      },
      {
        expr: `max by (device) (${meanSeconds(device('read_time_seconds_total'), device('reads_completed_total'))})`,
        legend: '{{device}} read',
      },
      {
        expr: `max by (device) (${meanSeconds(device('flush_time_seconds_total'), device('flushes_total'))})`,
        legend: '{{device}} flush',
      },
    ],
    width: 24,
    min: 0,
  }),
  seriesPanel({
    title: 'fsync and commit by percentile',
    shows: 'WAL fsyncs and commits of the database of etcd, and the probe.',
    normal: 'fsync p99 under 10 ms, commit p99 under 25 ms.',
    otherwise: 'the p99 high and the median low: stalls. Both high: the disk is too slow for etcd.',
    alerts: ['EtcdWalFsyncSlow', 'EtcdCommitSlow'],
    unit: Seconds,
    queries: [
      { expr: quantile(0.99, fsyncs), legend: 'fsync p99' },
      { expr: quantile(0.5, fsyncs), legend: 'fsync median' },
      { expr: quantile(0.99, commits), legend: 'commit p99' },
      { expr: quantile(0.5, commits), legend: 'commit median' },
      { expr: quantile(0.99, probes), legend: 'probe p99' },
    ],
    limits: { warning: 0.01, critical: 0.1 },
    min: 0,
  }),
  seriesPanel({
    title: 'Device: busy',
    shows: 'The share of time in which the device had at least one request.',
    normal: 'under 60 %.',
    otherwise: 'near 100 %: see below who has the I/O. NVMe devices take more even then: go by how long requests take.',
    alerts: ['EtcdDeviceSaturated'],
    unit: PercentUnit,
    queries: [{ expr: `max by (device) (${rate(device('io_time_seconds_total'))})`, legend: '{{device}}' }],
    limits: { warning: 0.6, critical: 0.9 },
    min: 0,
  }),
  seriesPanel({
    title: 'Device: requests',
    shows: 'Writes, reads and flushes that the device completed each second, and how many were under way.',
    normal: 'writes and flushes follow etcd’s commits; few under way.',
    otherwise: 'many under way: a queue. Many reads: a snapshot, a drill, or a cold page cache after a restart.',
    alerts: ['EtcdDeviceSaturated'],
    unit: IOOpsPerSecond,
    queries: [
      { expr: `max by (device) (${rate(device('writes_completed_total'))})`, legend: '{{device}} writes' },
      { expr: `max by (device) (${rate(device('reads_completed_total'))})`, legend: '{{device}} reads' },
      { expr: `max by (device) (${rate(device('flushes_total'))})`, legend: '{{device}} flushes' },
      { expr: `max by (device) (${device('io_now')})`, legend: '{{device}} under way' },
    ],
    min: 0,
  }),
  seriesPanel({
    title: 'Probe under way and failed',
    shows:
      'For how many seconds the probe’s write has waited for the disk, probes each second that failed, and whether a file system is mounted read-only (1).',
    normal: '0.',
    otherwise: 'seconds: the disk hangs, and so does etcd. Failures: the file system is full or read-only.',
    alerts: ['EtcdWalFsyncStalling', 'EtcdFilesystemFilling', 'EtcdFilesystemFull'],
    unit: Short,
    queries: [
      { expr: `max(${ofAgent('etcd_caretaker_disk_fsync_probe_pending_seconds')})`, legend: 'seconds waited' },
      {
        expr: `sum(${rate(ofAgent('etcd_caretaker_disk_fsync_probe_failures_total'))})`,
        legend: 'failed/s',
      },
      { expr: `max by (role) (${ofAgent('etcd_caretaker_filesystem_read_only')})`, legend: '{{role}} read-only' },
    ],
    width: 24,
    height: 5,
    min: 0,
  }),
];
