import type { Reason } from '../cluster/caretaking.ts';
import type { ClusterState, MemberState } from '../cluster/state.ts';
import { clusterTrouble, freshOf, leaderLast, nospaceRaised, votersOf, voterTrouble } from './fitness.ts';
import { type Asked, act, because, hold, isSome, type Policy } from './policy.ts';
import { turnTrouble } from './turns.ts';
import { windowsNow, windowsText } from './window.ts';

const policy = 'restart';

/**
 * Starts members again, one after the other: those whose CA files have changed since etcd started (it reads them only then; a certificate
 * and its key it reads anew for every handshake), or those that a person names.
 */
export const restartPolicy: Policy = (state, settings, asked) => {
  const wanted = wantedOf(state, asked);
  if ('code' in wanted) return hold(policy, [wanted]);
  const members = wanted.map(({ member }) => member);
  const trouble = [
    ...clusterTrouble(state),
    ...nospaceRaised(state),
    ...turnTrouble(members, state, settings),
    ...voterTrouble(state, settings.settleMs),
    ...(asked === undefined && windowsNow(settings.windows, state.nowMs) === 'shut'
      ? [because('OUTSIDE_WINDOW', `it waits for the window ${windowsText(settings.windows)}`)]
      : []),
  ];
  if (isSome(trouble)) return hold(policy, trouble);
  const targets = leaderLast(members, state.leaderId).map(({ id }) => id);
  const [first, ...others] = wanted.map(({ reason }) => reason);
  return first === undefined
    ? hold(policy, [because('NOTHING_STALE', 'there is no voter to start again')])
    : act(policy, [first, ...others], { targets, parameters: {} }, asked);
};

interface Wanted {
  readonly member: MemberState;
  readonly reason: Reason;
}

function wantedOf(state: ClusterState, asked: Asked | undefined): Reason | readonly Wanted[] {
  const voters = votersOf(state);
  if (asked === undefined) {
    const stale = voters.flatMap((member): Wanted | [] => {
      const message = freshOf(member)?.staleAuthorities;
      return message === undefined
        ? []
        : { member, reason: because('AUTHORITIES_STALE', `${member.name}: ${message.replace(/\.$/, '')}`) };
    });
    return stale.length > 0
      ? stale
      : because('NOTHING_STALE', 'no CA file of etcd has changed since its member started, as far as the agents see');
  }
  const named = voters.filter(({ id }) => asked.target === undefined || id === asked.target);
  return named.length === 0
    ? because('TARGET_UNKNOWN', `no voter has the id ${asked.target}`)
    : named.map((member) => ({
        member,
        reason: because('RESTART_ASKED', `${member.name} is to be started again`),
      }));
}
