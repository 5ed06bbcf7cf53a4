import type { ClusterState } from '../cluster/state.ts';
import type { DecideSettings } from './settings.ts';

/** A list that somebody else changed counts as theirs for so long: as long as `FOREIGN_MEMBER_CHANGE` stands. */
const SETTLED_SECONDS = 30 * 60;

/**
 * The members that the key `armed` should name and does not yet, or undefined where there is nothing to write: the first
 * time once every voter has had an agent and health for long enough, later once a changed member list has stayed the
 * same for half an hour.
 */
export function membersToArm(state: ClusterState, { armAfterMs }: DecideSettings): readonly string[] | undefined {
  const { armed, members, membersStableSeconds, readySeconds, linearizable } = state;
  if (!linearizable || members.length === 0) return undefined;
  const ids = members.map(({ id }) => id);
  if (armed === undefined) {
    const present = members.every(({ agent, healthy, isLearner }) => agent !== undefined && healthy && !isLearner);
    return present && readySeconds * 1000 >= armAfterMs ? ids : undefined;
  }
  const same = armed.members.length === ids.length && ids.every((id) => armed.members.includes(id));
  return same || membersStableSeconds < SETTLED_SECONDS ? undefined : ids;
}
