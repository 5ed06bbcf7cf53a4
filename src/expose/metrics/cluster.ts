import type { ClusterMember, ClusterSection } from '../../cluster/sections.ts';
import type { MetricFamily, MetricSeries } from '../metric-family.ts';
import { metricsOf, sample } from './section-metrics.ts';

const { gauge } = metricsOf('cluster');

/** All members, as the member list and each member's own Status reply have them. */
export const clusterMetrics: readonly MetricFamily[] = [
  gauge('cluster_info', 'The cluster id and the configured name; always 1.', ['cluster_id', 'name'], (section, o) =>
    sample(1, { cluster_id: section.clusterId, name: o.cluster }),
  ),
  gauge('cluster_members', 'Members in the member list, by role.', ['role'], ({ voters, learners }) => [
    ...sample(voters, { role: 'voter' }),
    ...sample(learners, { role: 'learner' }),
  ]),
  gauge('cluster_voters_reachable', 'Voters of the member list that answered this agent.', [], (section) =>
    sample(section.votersReachable),
  ),
  gauge('cluster_quorum_size', 'Voters that must agree: a majority of the voters in the member list.', [], (section) =>
    sample(section.quorumSize),
  ),
  gauge(
    'cluster_has_leader',
    'Whether the reachable members agree on one raft leader (1) or not (0).',
    [],
    ({ leaderId }) => sample(leaderId !== undefined),
  ),
  gauge(
    'cluster_member_list_linearizable',
    'Whether the member list was confirmed by a quorum (1), or is from the memory of a member or, while none answers, of the agent (0).',
    [],
    ({ linearizable }) => sample(linearizable),
  ),
  gauge(
    'raft_term',
    'The highest raft term seen; each election raises it, restarts do not reset it.',
    [],
    ({ raftTerm }) => sample(raftTerm),
  ),
  gauge(
    'alarm_active',
    'Alarms that etcd has raised (NOSPACE, CORRUPT); 1 while raised.',
    ['member', 'alarm'],
    ({ alarms }) =>
      alarms.map(({ member, memberId, alarm }) => ({ labels: { member: member || memberId, alarm }, value: 1 })),
  ),
  gauge(
    'member_info',
    'Member id and version of each member; the version is empty while the member does not answer. Always 1.',
    ['member', 'member_id', 'version'],
    eachMember(({ id, status }) => ({ value: 1, labels: { member_id: id, version: status?.version ?? '' } })),
  ),
  gauge(
    'member_reachable',
    'Whether the member answered this agent (1) or not (0).',
    ['member'],
    eachMember(({ reachable }) => ({ value: reachable })),
  ),
  gauge(
    'member_healthy',
    'Whether the member answered, has a raft leader and no alarm but NOSPACE (1) or not (0).',
    ['member'],
    eachMember(({ healthy }) => ({ value: healthy })),
  ),
  gauge(
    'member_is_leader',
    'Whether the member is the raft leader: by its own word, or by the word of the others when it does not answer.',
    ['member'],
    eachMember((member, { leaderId }) => ({
      value: member.status?.isLeader ?? (leaderId === undefined ? undefined : leaderId === member.id),
    })),
  ),
  gauge(
    'member_is_learner',
    'Whether the member list has the member as a learner (1) or as a voter (0).',
    ['member'],
    eachMember(({ isLearner }) => ({ value: isLearner })),
  ),
  gauge(
    'member_raft_index',
    'The newest raft index that the member has.',
    ['member'],
    eachMember(({ status }) => ({ value: status?.raftIndex })),
  ),
  gauge(
    'member_raft_applied_index',
    'The newest raft index that the member has applied; etcd refuses writes when it falls 5000 behind.',
    ['member'],
    eachMember(({ status }) => ({ value: status?.raftAppliedIndex })),
  ),
  gauge(
    'member_raft_index_lag',
    'Entries behind the highest raft index that was seen in the same round.',
    ['member'],
    eachMember(({ raftIndexLagEntries }) => ({ value: raftIndexLagEntries })),
  ),
  gauge(
    'member_revision_lag',
    'Revisions behind the highest revision that was seen in the same round.',
    ['member'],
    eachMember(({ revisionLag }) => ({ value: revisionLag })),
  ),
  gauge(
    'member_revision',
    'The newest revision of the key space that the member has.',
    ['member'],
    eachMember(({ status }) => ({ value: status?.revision })),
  ),
  gauge(
    'member_db_size_bytes',
    'Size of the database file of the member.',
    ['member'],
    eachMember(({ status }) => ({ value: status?.dbSizeBytes })),
  ),
  gauge(
    'member_db_size_in_use_bytes',
    'Bytes of the database file of the member that hold data.',
    ['member'],
    eachMember(({ status }) => ({ value: status?.dbSizeInUseBytes })),
  ),
];

interface MemberValue {
  readonly value: number | bigint | boolean | undefined;
  readonly labels?: Readonly<Record<string, string>>;
}

/** One series per member, labelled with its name, or with its id until it has one or where two share a name. */
function eachMember(
  read: (member: ClusterMember, section: ClusterSection) => MemberValue,
): (section: ClusterSection) => readonly MetricSeries[] {
  return (section) =>
    section.members.flatMap((member) => {
      const { value, labels } = read(member, section);
      const shared = section.members.some(({ id, name }) => id !== member.id && name === member.name);
      return sample(value, { member: shared || member.name === '' ? member.id : member.name, ...labels });
    });
}
