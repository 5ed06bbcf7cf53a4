import type { MetricFamily } from '../metric-family.ts';
import { metricsIn, sample } from './section-metrics.ts';

/** Only of agents that start and stop their member: `supervise.kind`. */
const { gauge, counter } = metricsIn(({ own }) => own);

const DATA_STATES = ['intact', 'empty', 'corrupt', 'unreadable'] as const;

/** What an agent has to say of the process and the data of its member. */
export const ownMemberMetrics: readonly MetricFamily[] = [
  gauge(
    'member_process_running',
    'Whether etcd runs, as its supervisor says: 1 or 0; absent while that is not known.',
    [],
    ({ process: { state } }) => (state === 'unknown' ? [] : sample(state === 'running' ? 1 : 0)),
  ),
  counter('member_starts_total', 'How often this agent has started etcd.', [], ({ restarts }) => sample(restarts)),
  gauge('member_data_dir_state', 'What the data dir holds: 1 for the state that it is in.', ['state'], ({ dataDir }) =>
    DATA_STATES.flatMap((state) => sample(dataDir.state === state ? 1 : 0, { state })),
  ),
  gauge(
    'member_boot_action',
    'What the agent wants to be done with a member that does not run: 1 for that.',
    ['action', 'reason'],
    ({ boot }) => (boot === undefined ? [] : sample(1, { action: boot.action, reason: boot.reasons[0].code })),
  ),
  gauge('quarantine_folders', 'Old data dirs that are kept in quarantine.', [], ({ quarantine }) =>
    sample(quarantine.length),
  ),
  gauge('quarantine_bytes', 'Their size.', [], ({ quarantine }) =>
    sample(quarantine.reduce((sum, { bytes }) => sum + bytes, 0)),
  ),
];
