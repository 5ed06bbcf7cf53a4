import type { ClusterMember, ClusterSection } from '../../cluster/sections.ts';

/**
 * The member whose agent keeps the totals: the healthy follower with the lowest id, so that all agents come to the same one
 * without asking each other and the raft leader has no more to do. The raft leader itself where there is nobody else.
 * Learners cannot be watched. Undefined while no voter is healthy.
 */
export function chooseScanner({ members, leaderId }: ClusterSection): ClusterMember | undefined {
  const voters = members.filter(({ healthy, isLearner }) => healthy && !isLearner);
  const followers = voters.filter(({ id }) => id !== leaderId);
  const [first] = (followers.length > 0 ? followers : voters).toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  return first;
}

function idOf({ id }: ClusterMember): bigint {
  return BigInt(`0x${id}`);
}
