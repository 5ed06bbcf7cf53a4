import type { MetricFamily } from '../metric-family.ts';
import { metricsOf, sample } from './section-metrics.ts';

const { gauge } = metricsOf('quota');

/** How much of its backend quota the own member has used, and when it will be full. */
export const quotaMetrics: readonly MetricFamily[] = [
  gauge(
    'quota_bytes',
    'The backend quota of the own member; absent when it is disabled or unknown. Etcd reads 0 as 2 GiB.',
    [],
    ({ quotaBytes }) => sample(quotaBytes),
  ),
  gauge(
    'quota_info',
    'Where the quota is known from: status, metrics, flag, default, disabled or unknown; always 1.',
    ['source'],
    ({ quotaSource }) => sample(1, { source: quotaSource }),
  ),
  gauge('db_size_bytes', 'Size of the database file; it counts against the quota.', [], ({ dbSizeBytes }) =>
    sample(dbSizeBytes),
  ),
  gauge('db_size_in_use_bytes', 'Bytes of the database file that hold data.', [], ({ dbSizeInUseBytes }) =>
    sample(dbSizeInUseBytes),
  ),
  gauge('quota_used_ratio', 'Size of the database file by the quota.', [], ({ usedRatio }) => sample(usedRatio)),
  gauge(
    'db_fragmentation_ratio',
    'Share of the database file that is free pages; a defragmentation gives it back.',
    [],
    ({ fragmentationRatio }) => sample(fragmentationRatio),
  ),
  gauge(
    'db_growth_bytes_per_second',
    'Robust slope of the bytes in use; absent until there are enough samples.',
    [],
    ({ growthBytesPerSecond }) => sample(growthBytesPerSecond),
  ),
  gauge(
    'quota_full_in_seconds',
    'Seconds until the quota is full at the present growth; +Inf when not growing or without a quota.',
    [],
    ({ fullInSeconds }) => sample(fullInSeconds),
  ),
];
