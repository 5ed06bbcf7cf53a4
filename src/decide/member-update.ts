import type { Reason } from '../cluster/caretaking.ts';
import type { ClusterState, MemberState } from '../cluster/state.ts';
import { clusterTrouble, defragTrouble, freshOf, nospaceRaised, votersOf, votersWell } from './fitness.ts';
import { foreignLearners, mixedVersions, notSupervised, ownLearners } from './membership.ts';
import { type Asked, act, because, hold, isSome, type Policy } from './policy.ts';

const policy = 'member-update';

interface Moved {
  readonly member: MemberState;
  readonly peerUrl: string;
}

/**
 * Has the member list follow a voter whose agent is configured with another peer URL. Never a learner's: etcd below 3.5.31
 * and 3.6.12 promotes it by that.
 */
export const memberUpdatePolicy: Policy = (state, _settings, asked) => {
  const unsupervised = notSupervised(state);
  if (isSome(unsupervised)) return hold(policy, unsupervised);
  const moved = movedOf(state, asked);
  if ('code' in moved) return hold(policy, [moved]);
  const { member, peerUrl } = moved;
  const trouble = [
    ...clusterTrouble(state),
    ...nospaceRaised(state),
    ...foreignLearners(state),
    ...ownLearners(state).map(({ name }) => because('LEARNER_PRESENT', `${name} is still a learner`)),
    ...mixedVersions(state),
    // It may be out of reach just because of that.
    ...votersWell(state, member.id),
    ...defragTrouble(state),
    ...taken(moved, state),
    // A slip of the pen in one configuration would take the quorum.
    ...(asked === undefined && state.voters === 2
      ? [
          because(
            'QUORUM_AT_RISK',
            `of two voters, ${member.name} is needed: only a person may have it listed under ${peerUrl}`,
          ),
        ]
      : []),
  ];
  if (isSome(trouble)) return hold(policy, trouble);
  const { id, name, peerUrls, agent } = member;
  const why = because(
    'PEER_URL_CHANGED',
    `${name} is configured with ${peerUrl}, and listed under ${peerUrls.join(', ')}`,
  );
  const parameters = { member: id, name, agentId: agent?.memberId ?? id, peerUrls: [peerUrl] };
  return act(policy, [why], { targets: [id], parameters }, asked);
};

function movedOf(state: ClusterState, asked: Asked | undefined): Moved | Reason {
  const voters = votersOf(state).filter(({ id }) => asked?.target === undefined || id === asked.target);
  if (voters.length === 0) return because('TARGET_UNKNOWN', `there is no voter ${asked?.target ?? ''}`);
  const moved = voters.flatMap((member): Moved | [] => {
    const own = freshOf(member)?.own;
    const isOwn = own?.identity?.memberId === member.id;
    return own?.peerUrl === undefined || !isOwn || member.peerUrls.includes(own.peerUrl)
      ? []
      : { member, peerUrl: own.peerUrl };
  });
  return moved[0] ?? because('PEER_URLS_FIT', 'no agent is configured with another peer URL than the list has');
}

function taken({ member, peerUrl }: Moved, { members }: ClusterState): readonly Reason[] {
  const other = members.find(({ id, peerUrls }) => id !== member.id && peerUrls.includes(peerUrl));
  return other === undefined ? [] : [because('PEER_URL_TAKEN', `${other.name} is listed under ${peerUrl}`)];
}
