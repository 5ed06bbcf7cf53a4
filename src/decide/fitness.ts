import type { Reason } from '../cluster/caretaking.ts';
import type { ClusterState, MemberObserved, MemberState } from '../cluster/state.ts';
import { formatBytes, formatCount, formatSpan } from '../cluster/units.ts';
import { hazardsOf } from '../cluster/version-hazards.ts';
import { because } from './policy.ts';

/** A member may be behind by so many entries (etcd's own learners are promoted at a similar lag). */
export const MOST_LAG_ENTRIES = 1000n;
/** A defragmentation writes a second copy of what is in use. */
const FREE_SPACE_FACTOR = 1.2;
/** Figures of an agent that are older say nothing of now. */
const FRESH_SECONDS = 60;

/** The voters, in the order of the member list. */
export function votersOf({ members }: ClusterState): readonly MemberState[] {
  return members.filter(({ isLearner }) => !isLearner);
}

/** The raft leader last: its turn costs an election or a move of the leadership. */
export function leaderLast(members: readonly MemberState[], leaderId: string | undefined): readonly MemberState[] {
  return [...members.filter(({ id }) => id !== leaderId), ...members.filter(({ id }) => id === leaderId)];
}

/** What the agent beside a member sees, unless that is too old to count. */
export function freshOf({ observed }: MemberState): MemberObserved | undefined {
  return observed !== undefined && observed.ageSeconds <= FRESH_SECONDS ? observed : undefined;
}

/** What keeps the agents from changing anything at all. */
export function clusterTrouble(state: ClusterState): readonly Reason[] {
  const corrupt = state.alarms.filter(({ alarm }) => alarm === 'CORRUPT').map(({ member }) => member);
  return [
    ...(corrupt.length > 0 ? [because('CORRUPT_ALARM', `CORRUPT is raised for ${corrupt.join(', ')}`)] : []),
    ...(state.alarmsUnknown ? [because('ALARMS_UNKNOWN', 'no member could be asked for its alarms')] : []),
    ...(state.linearizable
      ? []
      : [because('NOT_LINEARIZABLE', 'the member list comes from one member, not from a quorum')]),
    ...(state.votersReachable < state.quorumSize
      ? [
          because(
            'QUORUM_LOST',
            `${state.votersReachable} of ${state.voters} voters answer, and ${state.quorumSize} make a quorum`,
          ),
        ]
      : []),
    ...(state.leaderId === undefined ? [because('NO_RAFT_LEADER', 'the members agree on no raft leader')] : []),
  ];
}

/** NOSPACE is for its own policy; every other one waits. */
export function nospaceRaised({ alarms }: ClusterState): readonly Reason[] {
  const raised = alarms.filter(({ alarm }) => alarm === 'NOSPACE').map(({ member }) => member);
  return raised.length === 0
    ? []
    : [because('NOSPACE_ALARM', `NOSPACE is raised for ${raised.join(', ')}, and that comes first`)];
}

/**
 * What keeps the agents from taking a member out of service for a while: everybody else has to be well.
 * @param settleMs as in `settling`
 */
export function voterTrouble(state: ClusterState, settleMs: number): readonly Reason[] {
  const learners = state.members.filter(({ isLearner }) => isLearner).map(({ name }) => name);
  return [
    ...votersOf(state).flatMap(memberTrouble),
    ...(learners.length > 0 ? [because('LEARNER_PRESENT', `${learners.join(', ')} is still a learner`)] : []),
    ...defragTrouble(state),
    ...settling(state, settleMs),
  ];
}

/** Voters that do not answer, are not healthy or lag. @param exceptId one that may */
export function votersWell(state: ClusterState, exceptId?: string): readonly Reason[] {
  return votersOf(state)
    .filter(({ id }) => id !== exceptId)
    .flatMap(memberTrouble);
}

/** Voters that answer and lag. @param exceptId one that may */
export function lagTrouble(state: ClusterState, exceptId?: string): readonly Reason[] {
  return votersWell(state, exceptId).filter(({ code }) => code === 'MEMBER_LAGS' || code === 'LAG_UNKNOWN');
}

function memberTrouble({ name, reachable, healthy, lagEntries, fault }: MemberState): readonly Reason[] {
  if (!reachable) {
    return [because('VOTER_UNREACHABLE', `${name} does not answer${fault === undefined ? '' : `: ${fault}`}`)];
  }
  if (!healthy) return [because('VOTER_UNHEALTHY', `${name} answers and is not healthy`)];
  if (lagEntries === undefined) return [because('LAG_UNKNOWN', `${name} does not say how far behind it is`)];
  return lagEntries > MOST_LAG_ENTRIES
    ? [because('MEMBER_LAGS', `${name} answers but lags ${formatCount(lagEntries)} entries`)]
    : [];
}

/** Members that stand still since they are being defragmented, whoever began that. */
export function defragTrouble({ members }: ClusterState): readonly Reason[] {
  return members
    .filter(({ observed }) => observed?.defragInflight === true)
    .map(({ name }) => because('DEFRAG_UNDER_WAY', `${name} is being defragmented`));
}

/** Elections and changes of the member list that are too short a time ago. @param settleMs so long nothing is done */
export function settling(
  { termStableSeconds, membersStableSeconds, raftTerm }: ClusterState,
  settleMs: number,
): readonly Reason[] {
  const ago = (seconds: number): string =>
    `${formatSpan(Math.floor(seconds))} ago or less, and ${formatSpan(settleMs / 1000)} are waited for`;
  return [
    ...(termStableSeconds * 1000 < settleMs
      ? [because('TERM_UNSTABLE', `raft term ${formatCount(raftTerm)} began ${ago(termStableSeconds)}`)]
      : []),
    ...(membersStableSeconds * 1000 < settleMs
      ? [because('MEMBERS_UNSTABLE', `the member list changed ${ago(membersStableSeconds)}`)]
      : []),
  ];
}

/** Whether the disk of a member has room for a second copy of what is in use. Unknown means no. */
export function spaceTrouble(member: MemberState): readonly Reason[] {
  const { name, dbSizeInUseBytes: inUse } = member;
  const available = freshOf(member)?.dataAvailableBytes;
  if (inUse === undefined) return [because('SIZE_UNKNOWN', `${name} does not say how large its database is`)];
  if (available === undefined) {
    return [because('FREE_SPACE_UNKNOWN', `no agent says how much space the disk of ${name} has left`)];
  }
  const needed = FREE_SPACE_FACTOR * inUse;
  return available < needed
    ? [
        because(
          'FREE_SPACE_SHORT',
          `the disk of ${name} has ${formatBytes(available)} left, and a copy of its ${formatBytes(inUse)} takes ${formatBytes(needed)}`,
        ),
      ]
    : [];
}

/** Defects of the running versions that forbid a defragmentation. @param underNospace what is worse excuses some */
export function defragHazards({ members }: ClusterState, underNospace: boolean): readonly Reason[] {
  return members.flatMap(({ name, version }) => {
    if (version === undefined) return [because('VERSION_UNKNOWN', `${name} does not say which version it runs`)];
    return hazardsOf(version).flatMap(({ hazard, effects }) =>
      effects
        .filter(({ operation, effect }) => operation === 'defrag' && effect === 'block' && !underNospace)
        .map(({ rule }) => because('VERSION_HAZARD', `${name} runs ${version}: ${hazard} So ${rule}.`)),
    );
  });
}

/** Precautions that the running versions ask for, one sentence each; the gate has seen to them. */
export function defragPrecautions({ members }: ClusterState): readonly string[] {
  const rules = members.flatMap(({ version }) =>
    (version === undefined ? [] : hazardsOf(version)).flatMap(({ effects }) =>
      effects.filter(({ operation, effect }) => operation === 'defrag' && effect === 'precaution'),
    ),
  );
  return [...new Set(rules.map(({ rule }) => rule))];
}
