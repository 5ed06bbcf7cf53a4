import type { MetricFamily } from '../metric-family.ts';
import { metricsIn, sample } from './section-metrics.ts';

/** Without a last gasp there is none of these but the failures. */
const { gauge, counter } = metricsIn(({ lastGasp }) => lastGasp);

/** What each agent keeps of its own member when the quorum is lost. */
export const lastGaspMetrics: readonly MetricFamily[] = [
  gauge(
    'backup_last_gasp_timestamp_seconds',
    'When the newest last gasp of the own member was kept, in seconds since the epoch.',
    [],
    ({ newest }) => sample(newest && newest.takenAtMs / 1000),
  ),
  gauge(
    'backup_last_gasp_revision',
    'The revision of the newest last gasp: the member with the highest one has the most.',
    [],
    ({ newest }) => sample(newest?.revision),
  ),
  gauge('backup_last_gasp_bytes', 'Bytes of the newest last gasp.', [], ({ newest }) => sample(newest?.bytes)),
  counter(
    'backup_last_gasp_failures_total',
    'How often a last gasp could not be kept, by the code of the reason. It is tried again while there is no quorum.',
    ['reason'],
    ({ failures }) => failures.flatMap(({ reason, count }) => sample(count, { reason })),
  ),
];
