import type { PressureSection } from '../../cluster/sections.ts';
import type { MetricFamily, MetricSeries } from '../metric-family.ts';
import { metricsOf } from './section-metrics.ts';

const { counter } = metricsOf('pressure');
const labels = ['resource', 'kind'];

/** Pressure stall information of the kernel, of the machine and of etcd's cgroup. */
export const pressureMetrics: readonly MetricFamily[] = [
  counter(
    'pressure_stalled_seconds_total',
    'Seconds in which some or all tasks of the machine waited for the resource.',
    labels,
    stalls('system'),
  ),
  counter(
    'pressure_etcd_stalled_seconds_total',
    'Seconds in which some or all tasks of the cgroup of etcd waited for the resource.',
    labels,
    stalls('etcd'),
  ),
];

function stalls(scope: 'system' | 'etcd'): (section: PressureSection) => readonly MetricSeries[] {
  return (section) =>
    section.stalls
      .filter((stall) => stall.scope === scope)
      .map(({ resource, kind, stalledSeconds }) => ({ labels: { resource, kind }, value: stalledSeconds }));
}
