import type { MetricFamily } from '../metric-family.ts';
import { metricsOf, sample } from './section-metrics.ts';

const { gauge, counter } = metricsOf('limits');

/** What etcd's control group lets it have, and the memory that the machine has left. */
export const limitsMetrics: readonly MetricFamily[] = [
  gauge(
    'cgroup_cpu_limit',
    'CPUs that the control group of etcd may use; absent where it is not limited.',
    [],
    ({ cpu }) => sample(cpu?.cpus),
  ),
  counter(
    'cgroup_cpu_periods_total',
    'Periods over which the CPU limit of the control group of etcd was kept.',
    [],
    ({ cpu }) => sample(cpu?.periods),
  ),
  counter(
    'cgroup_cpu_throttled_periods_total',
    'Periods in which the control group of etcd was stopped, since it had used up its CPU limit.',
    [],
    ({ cpu }) => sample(cpu?.throttledPeriods),
  ),
  gauge('cgroup_memory_bytes', 'Memory that the control group of etcd uses, with pages of files.', [], ({ memory }) =>
    sample(memory?.usedBytes),
  ),
  gauge(
    'cgroup_memory_file_bytes',
    'Of that, pages of files, what is mapped of the database among them: they can be given back.',
    [],
    ({ memory }) => sample(memory?.fileBytes),
  ),
  gauge('cgroup_memory_limit_bytes', 'Memory that it may use; absent where it is not limited.', [], ({ memory }) =>
    sample(memory?.limitBytes),
  ),
  gauge(
    'host_memory_available_bytes',
    'Memory that new work on the machine could have without swapping (MemAvailable).',
    [],
    ({ hostAvailableBytes }) => sample(hostAvailableBytes),
  ),
];
