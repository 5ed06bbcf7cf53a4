import type { MetricFamily } from '../metric-family.ts';
import { metricsOf, sample } from './section-metrics.ts';

const { gauge, counter } = metricsOf('keyspace');
const labels = ['prefix'];

/** Who fills etcd: the largest prefixes, and `other` for all the rest. */
export const keyspaceMetrics: readonly MetricFamily[] = [
  gauge('keyspace_keys', 'Keys under the prefix.', labels, ({ prefixes }) =>
    prefixes.flatMap(({ prefix, keys }) => sample(keys, { prefix })),
  ),
  gauge('keyspace_bytes', 'Bytes of keys and newest values under the prefix.', labels, ({ prefixes }) =>
    prefixes.flatMap(({ prefix, bytes }) => sample(bytes, { prefix })),
  ),
  counter('keyspace_writes_total', 'Puts and deletes under the prefix since the agent started.', labels, (section) =>
    section.prefixes.flatMap(({ prefix, writes }) => sample(writes, { prefix })),
  ),
  gauge('keyspace_all_keys', 'Keys under all prefixes.', [], ({ totalKeys }) => sample(totalKeys)),
  gauge('keyspace_all_bytes', 'Bytes of keys and newest values under all prefixes.', [], ({ totalBytes }) =>
    sample(totalBytes),
  ),
  gauge(
    'keyspace_current',
    'Whether the totals are current (1), or the first scan is not through (0).',
    [],
    (section) => sample(section.phase === 'current'),
  ),
  gauge('keyspace_scanned_keys', 'Keys that the scan has read.', [], ({ scannedKeys }) => sample(scannedKeys)),
  gauge('keyspace_revision', 'The revision up to which the totals are exact.', [], ({ revision }) => sample(revision)),
];
