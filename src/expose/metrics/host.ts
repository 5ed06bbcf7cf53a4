import type { MetricFamily } from '../metric-family.ts';
import { metricsOf, sample } from './section-metrics.ts';

const { gauge } = metricsOf('host');

/** The machine under the member. */
export const hostMetrics: readonly MetricFamily[] = [
  gauge(
    'host_info',
    'The machine that the agent runs on; always 1.',
    ['hostname', 'kernel', 'distribution', 'architecture', 'virtualization'],
    ({ hostname, kernel, distribution, architecture, virtualization }) =>
      sample(1, { hostname, kernel, distribution, architecture, virtualization }),
  ),
  gauge('host_cpus', 'Logical CPUs of the machine.', [], ({ cpus }) => sample(cpus)),
  gauge('host_memory_bytes', 'Memory of the machine.', [], ({ memoryBytes }) => sample(memoryBytes)),
];
