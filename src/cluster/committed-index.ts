import type { ClusterMember } from './sections.ts';

/** The highest raft index that any member has applied, and that is committed therefore; undefined where none said its status. */
export function committedIndex(members: readonly Pick<ClusterMember, 'status'>[]): bigint | undefined {
  let highest: bigint | undefined;
  for (const { status } of members) {
    if (status !== undefined && (highest === undefined || status.raftAppliedIndex > highest))
      highest = status.raftAppliedIndex;
  }
  return highest;
}
