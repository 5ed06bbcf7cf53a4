import type { Reason } from '../../cluster/caretaking.ts';
import type { ClusterState, MemberState } from '../../cluster/state.ts';

/** A member further behind has too little of the log to take part at once; the field's number for promotions. */
export const MOST_LAG_ENTRIES = 1000n;

export interface Consent {
  /** One and two voters have no spare: whoever owns them has agreed to the outage, or writes are refused already. */
  readonly withoutSpare: boolean;
}

/**
 * Why one voter must not be blocked now, or undefined: everybody else has to be there, so that what is blocked is the only
 * thing that is missing. An alarm of NOSPACE does not count.
 */
export function unsafeToBlock(state: ClusterState, consent: Consent): Reason | undefined {
  const { members, voters } = state;
  if (!state.linearizable) {
    return { code: 'NO_QUORUM', message: 'no quorum confirmed the member list' };
  }
  const corrupt = state.alarms.filter(({ alarm }) => alarm === 'CORRUPT').map(({ member }) => member);
  if (state.alarmsUnknown) return { code: 'ALARMS_UNKNOWN', message: 'no member said whether an alarm is raised' };
  if (corrupt.length > 0) return { code: 'CORRUPT', message: `CORRUPT is raised by ${corrupt.join(', ')}` };
  if (state.learners > 0) return { code: 'LEARNER', message: 'a learner is being added' };
  if (voters < 3 && !consent.withoutSpare) {
    return { code: 'NO_SPARE', message: `with ${voters} voters none can be spared` };
  }
  return members.map(unfit).find((reason) => reason !== undefined);
}

function unfit({ name, reachable, healthy, lagEntries, observed, fault }: MemberState): Reason | undefined {
  if (!reachable)
    return { code: 'MEMBER_DOWN', message: `${name} does not answer${fault === undefined ? '' : `: ${fault}`}` };
  if (!healthy) return { code: 'MEMBER_UNHEALTHY', message: `${name} answers but is not healthy` };
  if (lagEntries !== undefined && lagEntries > MOST_LAG_ENTRIES) {
    return { code: 'MEMBER_LAGS', message: `${name} answers but lags ${lagEntries} entries` };
  }
  if (observed?.defragInflight === true) {
    return { code: 'DEFRAG_INFLIGHT', message: `${name} is defragmenting already` };
  }
  return undefined;
}
