import type { Observation } from '../../cluster/observation.ts';
import { findingsOf } from '../findings.ts';
import type { MetricFamily, MetricSeries } from '../metric-family.ts';
import { sample } from './section-metrics.ts';

/** What the agent says of itself: which build, whether it sees its member, and how its collectors do. */
export const agentMetrics: readonly MetricFamily[] = [
  {
    name: 'build_info',
    help: 'The version of the agent; always 1.',
    type: 'gauge',
    labels: ['version'],
    read: ({ agentVersion }) => sample(1, { version: agentVersion }),
  },
  {
    name: 'agent_info',
    help: 'The member that this agent stands beside and the configured name of its cluster; always 1.',
    type: 'gauge',
    labels: ['member', 'cluster'],
    read: ({ member, cluster }) => sample(1, { member, cluster }),
  },
  {
    name: 'up',
    help: 'Whether the newest round observed the own member (1) or not (0).',
    type: 'gauge',
    labels: [],
    read: ({ sections }) => sample(sections.member?.value !== undefined),
  },
  {
    name: 'rounds_total',
    help: 'Rounds of observation that have ended since the agent started.',
    type: 'counter',
    labels: [],
    read: ({ rounds }) => sample(rounds),
  },
  {
    name: 'observation_timestamp_seconds',
    help: 'When the newest round ended, in seconds since the epoch; absent before the first.',
    type: 'gauge',
    labels: [],
    read: ({ rounds, observedAtMs }) => sample(rounds === 0 ? undefined : observedAtMs / 1000),
  },
  {
    name: 'collector_success',
    help: 'Whether the newest reading of the collector succeeded (1) or not (0).',
    type: 'gauge',
    labels: ['collector'],
    read: ({ collectors }) =>
      Object.entries(collectors).map(([collector, { success }]) => ({ labels: { collector }, value: Number(success) })),
  },
  {
    name: 'collector_duration_seconds',
    help: 'How long the collections took, also those that failed or missed their deadline.',
    type: 'histogram',
    labels: ['collector'],
    read: ({ collectors }) =>
      Object.entries(collectors).map(([collector, { durations }]) => ({ labels: { collector }, value: durations })),
  },
  {
    name: 'findings',
    help: 'Things that a person should know, by what they are; /api/v1/status says what to do about each.',
    type: 'gauge',
    labels: ['code', 'severity'],
    read: countFindings,
  },
];

function countFindings(observation: Observation): readonly MetricSeries[] {
  const groups = Map.groupBy(findingsOf(observation), ({ code, severity }) => JSON.stringify([code, severity]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : sample(group.length, { code: first.code, severity: first.severity });
  });
}
