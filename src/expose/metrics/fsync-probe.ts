import type { MetricFamily } from '../metric-family.ts';
import { metricsOf, sample } from './section-metrics.ts';

const { gauge, counter, histogram } = metricsOf('fsync-probe');
const labels = ['role'];

/** The agent's own writes beside the WAL and the data dir: is it the disk, or is it etcd? */
export const fsyncProbeMetrics: readonly MetricFamily[] = [
  histogram(
    'disk_fsync_probe_seconds',
    'How long a write of 2300 bytes with fdatasync took, as etcd writes its WAL.',
    labels,
    ({ probes }) => probes.map(({ role, latency }) => ({ labels: { role }, value: latency })),
  ),
  counter('disk_fsync_probe_failures_total', 'Probe writes that failed.', labels, ({ probes }) =>
    probes.flatMap(({ role, failures }) => sample(failures, { role })),
  ),
  gauge(
    'disk_fsync_probe_pending_seconds',
    'How long the probe write under way has been waiting for the disk; 0 when there is none.',
    labels,
    ({ probes }) => probes.flatMap(({ role, pendingSeconds = 0 }) => sample(pendingSeconds, { role })),
  ),
  gauge(
    'disk_fsync_probe_running',
    'Whether the probe runs (1), or is off, short of free space or hangs (0).',
    labels,
    ({ probes }) => probes.flatMap(({ role, idle }) => sample(idle === undefined, { role })),
  ),
];
