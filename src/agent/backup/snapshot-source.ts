import type { ClusterMember, ClusterSection } from '../../cluster/sections/cluster.ts';

/** A follower may be so far behind the newest raft entry and still be caught up: they are counted one after the other. */
const CAUGHT_UP_ENTRIES = 1000n;

/**
 * The member to take a full snapshot of: a healthy follower that is caught up, best another one than the own member, whose
 * machine the deltas keep busy; undefined where only the own member is left to take it of.
 */
export function snapshotSource(
  cluster: Pick<ClusterSection, 'members' | 'leaderId'> | undefined,
  ownId: string,
): ClusterMember | undefined {
  const fit = (cluster?.members ?? []).filter(
    ({ id, healthy, isLearner, clientUrls, raftIndexLagEntries = 0n }) =>
      healthy &&
      !isLearner &&
      id !== cluster?.leaderId &&
      clientUrls.length > 0 &&
      raftIndexLagEntries <= CAUGHT_UP_ENTRIES,
  );
  return fit.find(({ id }) => id !== ownId) ?? fit[0];
}
