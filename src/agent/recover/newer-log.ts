import { isVoterIn, newestList } from '../../cluster/last-list.ts';
import type { RecoveryEvidence } from '../../cluster/recovery.ts';

type Told = Pick<RecoveryEvidence, 'own' | 'list'>;

/**
 * Whether another voter of the same cluster is ahead, as raft compares logs; by the newer one of the two member lists, since the one of the seed may be from before
 * a replacement. Once the seed has its new data, they are of another one.
 */
export function hasNewerLog(their: Told, our: Told): boolean {
  const [theirs, ours] = [their.own.dataDir, our.own.dataDir];
  if (theirs.state !== 'intact' || ours.state !== 'intact' || theirs.clusterId !== ours.clusterId) return false;
  const lists = [our.list ?? [], their.list ?? []].flat().filter(({ clusterId }) => clusterId === ours.clusterId);
  const list = newestList(lists);
  if (list !== undefined && !isVoterIn(list, theirs.memberId)) return false;
  return theirs.lastTerm > ours.lastTerm || (theirs.lastTerm === ours.lastTerm && theirs.lastIndex > ours.lastIndex);
}
