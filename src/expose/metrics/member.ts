import type { MemberState } from '../../cluster/sections.ts';
import type { MetricFamily } from '../metric-family.ts';
import { metricsOf, sample } from './section-metrics.ts';

const { gauge } = metricsOf('member');

const states: readonly MemberState[] = ['healthy', 'no-quorum', 'nospace', 'corrupt', 'learner'];

/** How the agent stands with its own member. */
export const memberMetrics: readonly MetricFamily[] = [
  gauge(
    'own_member_state',
    'The state of the own member: 1 for the one it is in, 0 for the others.',
    ['state'],
    (member) => states.map((state) => ({ labels: { state }, value: Number(member.state === state) })),
  ),
  gauge(
    'linearizable_read_seconds',
    'How long a linearizable read through the own member took, with the connection, login and repeats that it needed; absent when it failed.',
    [],
    ({ linearizableReadSeconds }) => sample(linearizableReadSeconds),
  ),
];
