import { AgentError } from '../../cluster/agent-error.ts';
import type { ClusterMember, ClusterSection } from '../../cluster/sections/cluster.ts';

/** A follower may be so far behind the newest raft entry and still be caught up: they are counted one after the other. */
const CAUGHT_UP_ENTRIES = 1000n;

/** Whom a snapshot might be taken of has been named by a hash check. */
export const SOURCE_DIFFERS = 'SNAPSHOT_SOURCE_DIFFERS';

const NOBODY: ReadonlySet<string> = new Set();

/**
 * The member to take a full snapshot of: a healthy follower that is caught up, best another one than the own member, whose
 * machine the deltas keep busy; undefined where only the own member is left to take it of. One that a hash check has named is
 * never taken: its data are not those of the cluster, and what is restored of them would be wrong for good.
 * @param differing ids of those that the newest hash check has named
 * @throws AgentError `SNAPSHOT_SOURCE_DIFFERS` where the own member is named, and no other one that is healthy is left
 */
export function snapshotSource(
  cluster: Pick<ClusterSection, 'members' | 'leaderId'> | undefined,
  ownId: string,
  differing: ReadonlySet<string> = NOBODY,
): ClusterMember | undefined {
  const fit = (cluster?.members ?? []).filter(
    ({ id, healthy, isLearner, clientUrls, raftIndexLagEntries = 0n }) =>
      healthy && !isLearner && !differing.has(id) && clientUrls.length > 0 && raftIndexLagEntries <= CAUGHT_UP_ENTRIES,
  );
  const followers = fit.filter(({ id }) => id !== cluster?.leaderId);
  const found = followers.find(({ id }) => id !== ownId) ?? followers[0];
  if (found !== undefined || !differing.has(ownId)) return found;
  // A raft leader that is kept busy by it is better than data that are not the cluster's.
  const [leader] = fit;
  if (leader !== undefined) return leader;
  throw new AgentError(
    SOURCE_DIFFERS,
    'No full snapshot is taken: a hash check says that the own member has other data than the majority, and no other member is healthy and caught up.',
    { remedy: 'It is taken as soon as another member is well. `etcd-caretaker explain hash-check` says who differs.' },
  );
}
