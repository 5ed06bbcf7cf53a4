import type { MetricFamily } from '../metric-family.ts';
import { metricsOf, sample } from './section-metrics.ts';

const { gauge } = metricsOf('wal');

/** Latencies over the interval between the two newest readings of etcd's own histograms. */
export const walMetrics: readonly MetricFamily[] = [
  gauge(
    'wal_fsync_p99_seconds',
    'The 99th percentile of the WAL fsyncs of the last interval, from the histogram of etcd; absent when there was none.',
    [],
    ({ walFsyncP99Seconds }) => sample(walFsyncP99Seconds),
  ),
  gauge(
    'backend_commit_p99_seconds',
    'The 99th percentile of the backend commits of the last interval, from the histogram of etcd.',
    [],
    ({ backendCommitP99Seconds }) => sample(backendCommitP99Seconds),
  ),
  gauge(
    'defrag_in_flight',
    'Whether the own member is being defragmented, by whomever (1), or not (0), as etcd says (3.4.18, 3.5.2 and later).',
    [],
    ({ defragInflight }) => sample(defragInflight),
  ),
  gauge('wal_interval_seconds', 'Length of the interval behind the percentiles.', [], ({ intervalSeconds }) =>
    sample(intervalSeconds),
  ),
  gauge('wal_interval_fsyncs', 'WAL fsyncs in the interval behind the percentiles.', [], ({ walFsyncsInInterval }) =>
    sample(walFsyncsInInterval),
  ),
  gauge(
    'backend_interval_commits',
    'Backend commits in the interval behind the percentiles.',
    [],
    ({ backendCommitsInInterval }) => sample(backendCommitsInInterval),
  ),
];
