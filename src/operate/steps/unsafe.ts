import type { Reason } from '../../cluster/caretaking.ts';
import type { ClusterState, MemberState } from '../../cluster/state.ts';

/** A member further behind has too little of the log to take part at once; the field's number for promotions. */
export const MOST_LAG_ENTRIES = 1000n;

export interface Consent {
  /** One and two voters have no spare: whoever owns them has agreed to the outage, or writes are refused already. */
  readonly withoutSpare: boolean;
  /** Learners do not matter, since no voter's database is touched. */
  readonly besideLearners?: boolean;
}

/**
 * Why one voter must not be blocked now, or undefined: everybody else has to be there, so that what is blocked is the only
 * thing that is missing. An alarm of NOSPACE does not count.
 */
export function unsafeToBlock(state: ClusterState, consent: Consent): Reason | undefined {
  if (!state.linearizable) return { code: 'NO_QUORUM', message: 'no quorum confirmed the member list' };
  if (state.alarmsUnknown) return { code: 'ALARMS_UNKNOWN', message: 'no member said whether an alarm is raised' };
  const corrupt = state.alarms.filter(({ alarm }) => alarm === 'CORRUPT').map(({ member }) => member);
  if (corrupt.length > 0) return { code: 'CORRUPT', message: `CORRUPT is raised by ${corrupt.join(', ')}` };
  if (state.leaderId === undefined) return { code: 'NO_RAFT_LEADER', message: 'the members agree on no raft leader' };
  const learner = consent.besideLearners === true ? undefined : state.members.find(({ isLearner }) => isLearner);
  if (learner !== undefined) return { code: 'LEARNER', message: `${learner.name} is still a learner` };
  if (state.voters < 3 && !consent.withoutSpare) {
    return { code: 'NO_SPARE', message: `with ${state.voters} voters none can be spared` };
  }
  return votersOf(state)
    .map(unfit)
    .find((reason) => reason !== undefined);
}

/** The voters, in the order of the list. */
export function votersOf({ members }: ClusterState): readonly MemberState[] {
  return members.filter(({ isLearner }) => !isLearner);
}

function unfit({ name, reachable, healthy, lagEntries, fault }: MemberState): Reason | undefined {
  if (!reachable) {
    return { code: 'MEMBER_DOWN', message: `${name} does not answer${fault === undefined ? '' : `: ${fault}`}` };
  }
  if (!healthy) return { code: 'MEMBER_UNHEALTHY', message: `${name} answers but is not healthy` };
  if (lagEntries === undefined) return { code: 'LAG_UNKNOWN', message: `${name} does not say how far behind it is` };
  if (lagEntries > MOST_LAG_ENTRIES) {
    return { code: 'MEMBER_LAGS', message: `${name} answers but lags ${lagEntries} entries` };
  }
  return undefined;
}
