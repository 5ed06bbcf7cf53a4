import type { DataDirState } from '../../cluster/own-member.ts';
import type { RecoveryEvidence } from '../../cluster/recovery.ts';

/** Whether another voter of the same cluster is ahead, as raft compares logs. Once the seed has its new data, they are of another one. */
export function hasNewerLog(theirs: DataDirState, { own, list }: Pick<RecoveryEvidence, 'own' | 'list'>): boolean {
  const ours = own.dataDir;
  if (theirs.state !== 'intact' || ours.state !== 'intact' || theirs.clusterId !== ours.clusterId) return false;
  if (list?.members.every(({ id, isLearner }) => isLearner || id !== theirs.memberId) === true) return false;
  return theirs.lastTerm > ours.lastTerm || (theirs.lastTerm === ours.lastTerm && theirs.lastIndex > ours.lastIndex);
}
