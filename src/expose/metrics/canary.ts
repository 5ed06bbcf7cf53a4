import type { MetricFamily } from '../metric-family.ts';
import { metricsOf, sample } from './section-metrics.ts';

const { gauge, counter, histogram } = metricsOf('canary');
const outcomes = ['succeeded', 'slow', 'failed'] as const;

/** What a client of the cluster gets: the service level is judged by these. */
export const canaryMetrics: readonly MetricFamily[] = [
  counter(
    'canary_requests_total',
    'Reads and writes that the agent makes as a client would, by outcome: slow ones are answered after observe.canary.slowAfter.',
    ['operation', 'outcome'],
    ({ canaries }) =>
      canaries.flatMap(({ operation, outcomes: counts }) =>
        outcomes.flatMap((outcome) => sample(counts[outcome], { operation, outcome })),
      ),
  ),
  histogram('canary_seconds', 'How long those took that were answered.', ['operation'], ({ canaries }) =>
    canaries.map(({ operation, latency }) => ({ labels: { operation }, value: latency })),
  ),
  counter(
    'canary_discarded_total',
    "Requests that count as nothing: the agent itself was held up, or its own configuration doesn't fit.",
    ['operation'],
    ({ canaries }) => canaries.flatMap(({ operation, discarded }) => sample(discarded, { operation })),
  ),
  gauge(
    'canary_running',
    'Whether requests are made (1), or are not because the user of the agent may not make them (0).',
    ['operation'],
    ({ canaries }) => canaries.flatMap(({ operation, off }) => sample(off === undefined, { operation })),
  ),
];
