import type { Reason } from '../cluster/caretaking.ts';
import { removalKeepsQuorum } from '../cluster/quorum.ts';
import type { ClusterState, MemberState } from '../cluster/state.ts';
import { clusterTrouble, nospaceRaised, votersOf } from './fitness.ts';
import { foreignLearners, mixedVersions, notSupervised, sizeWarnings } from './membership.ts';
import { act, because, hold, isSome, type Policy } from './policy.ts';

const policy = 'leave';

/** Has one member leave for good, only for a person who names it: nobody but people makes a cluster smaller. */
export const leavePolicy: Policy = (state, _settings, asked) => {
  const unsupervised = notSupervised(state);
  if (isSome(unsupervised)) return hold(policy, unsupervised);
  if (asked === undefined) return hold(policy, [because('ON_REQUEST', 'a member leaves where a person says so')]);
  const member = state.members.find(({ id }) => id === asked.target);
  if (member === undefined) {
    const message =
      asked.target === undefined ? 'which member is to leave has to be said' : `no member has the id ${asked.target}`;
    return hold(policy, [because('TARGET_UNKNOWN', message)]);
  }
  const trouble = [
    ...clusterTrouble(state),
    ...nospaceRaised(state),
    ...(member.isLearner ? [] : foreignLearners(state)),
    ...mixedVersions(state),
    ...quorumRisk(member, state),
  ];
  if (isSome(trouble)) return hold(policy, trouble);
  const { id, name, agent } = member;
  const parameters = { member: id, name, ...(agent === undefined ? {} : { agentId: agent.memberId }) };
  const warnings = member.isLearner ? [] : sizeWarnings(state.voters - 1);
  const why = because('LEAVE_ASKED', `${name} is to leave the cluster`);
  return act(policy, [why, ...warnings], { targets: [id], parameters }, asked);
};

function quorumRisk(member: MemberState, state: ClusterState): readonly Reason[] {
  const others = votersOf(state).filter(({ id, reachable, healthy }) => id !== member.id && reachable && healthy);
  const risk = removalKeepsQuorum({
    voters: state.voters,
    wellOthers: others.length,
    isVoter: !member.isLearner,
    isWell: member.reachable && member.healthy,
    byPerson: true,
  });
  return risk === undefined ? [] : [because('QUORUM_AT_RISK', `without ${member.name} ${risk}`)];
}
