import type { MetricFamily } from '../metric-family.ts';
import { metricsIn, sample } from './section-metrics.ts';

const { gauge } = metricsIn(({ diagnosis }) => diagnosis);

/** The causes that this agent knows of what is wrong. */
export const diagnosisMetrics: readonly MetricFamily[] = [
  gauge(
    'diagnosis',
    'What is wrong, by its cause: 1 while it holds, absent otherwise; `member` is empty where the whole cluster suffers. docs/verdicts.md lists the verdicts.',
    ['verdict', 'member'],
    ({ causes }) => causes.flatMap(({ verdict, member = '' }) => sample(1, { verdict, member })),
  ),
  gauge(
    'diagnosis_rank',
    'The place of the cause among those that hold: 1 is what a person should read first.',
    ['verdict', 'member'],
    ({ causes }) => causes.flatMap(({ verdict, rank, member = '' }) => sample(rank, { verdict, member })),
  ),
  gauge(
    'diagnosis_causes',
    'How many causes hold; 0 where nothing is wrong that this agent knows of.',
    [],
    ({ causes }) => sample(causes.length),
  ),
];
