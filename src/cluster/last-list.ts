import type { LastList } from './recovery.ts';

/**
 * The newest of several member lists: the one that a quorum gave at the highest raft index, which no clock can put wrong; where one of two does not know its
 * index, the later one by the wall clocks of those that remember it. One that no quorum gave (0) is older than all that one did.
 */
export function newestList(lists: readonly LastList[]): LastList | undefined {
  return lists.toSorted(newestFirst)[0];
}

function newestFirst(a: LastList, b: LastList): number {
  const [ours, theirs] = [a.raftIndex, b.raftIndex];
  if (a.atMs > 0 && b.atMs > 0 && ours !== undefined && theirs !== undefined && ours !== theirs) {
    return ours > theirs ? -1 : 1;
  }
  return b.atMs - a.atMs;
}

/** Whether a list counts this member among the voters. */
export function isVoterIn({ members }: LastList, memberId: string): boolean {
  return members.some(({ id, isLearner }) => id === memberId && !isLearner);
}
