import type { DeviceCounters, DiskSection } from '../../cluster/sections.ts';
import type { MetricFamily, MetricSeries } from '../metric-family.ts';
import { metricsOf, sample } from './section-metrics.ts';

const { gauge, counter } = metricsOf('disk');
const labels = ['device', 'role'];

/** Exactly the block device under the WAL and under the data dir, as `/proc/diskstats` counts it. */
export const diskMetrics: readonly MetricFamily[] = [
  gauge(
    'disk_info',
    'The device under the directory and the file system on it; always 1.',
    [...labels, 'filesystem', 'model'],
    ({ devices }) =>
      devices.flatMap(({ device, role, filesystemType = '', model = '' }) =>
        device === undefined ? [] : sample(1, { device, role, filesystem: filesystemType, model }),
      ),
  ),
  gauge(
    'disk_resolved',
    'Whether the device under the directory is known (1) or not (0), as on tmpfs or overlay.',
    ['role'],
    ({ devices }) => devices.flatMap(({ role, device }) => sample(device !== undefined, { role })),
  ),
  gauge('disk_rotational', 'Whether the device turns (1) or not (0).', labels, ({ devices }) =>
    devices.flatMap(({ device, role, rotational }) =>
      device === undefined ? [] : sample(rotational, { device, role }),
    ),
  ),
  counter('disk_reads_completed_total', 'Reads completed.', labels, each('readsCompleted')),
  counter('disk_writes_completed_total', 'Writes completed.', labels, each('writesCompleted')),
  counter('disk_read_bytes_total', 'Bytes read.', labels, each('readBytes')),
  counter('disk_written_bytes_total', 'Bytes written.', labels, each('writtenBytes')),
  counter('disk_read_time_seconds_total', 'Seconds spent by all reads together.', labels, each('readTimeSeconds')),
  counter('disk_write_time_seconds_total', 'Seconds spent by all writes together.', labels, each('writeTimeSeconds')),
  counter('disk_flushes_total', 'Flushes completed (Linux 5.5 and later).', labels, each('flushesCompleted')),
  counter(
    'disk_flush_time_seconds_total',
    'Seconds spent by all flushes together (Linux 5.5 and later).',
    labels,
    each('flushTimeSeconds'),
  ),
  counter(
    'disk_io_time_seconds_total',
    'Seconds in which at least one request was under way: its rate is the utilisation.',
    labels,
    each('ioTimeSeconds'),
  ),
  gauge('disk_io_now', 'Requests under way.', labels, each('ioNow')),
];

function each(key: keyof DeviceCounters): (section: DiskSection) => readonly MetricSeries[] {
  return ({ devices }) =>
    devices.flatMap(({ device, role, counters }) =>
      device === undefined ? [] : sample(counters?.[key], { device, role }),
    );
}
