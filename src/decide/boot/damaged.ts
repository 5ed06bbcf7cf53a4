import type { BootView, DataDirState } from '../../cluster/own-member.ts';
import type { BootEvidence } from './evidence.ts';
import { decideNotListed } from './not-listed.ts';
import { boot, bootReason } from './view.ts';

/** Whose damaged data are; absent where not even that can be read. */
type Owner = Partial<Pick<Extract<DataDirState, { state: 'corrupt' }>, 'clusterId' | 'memberId'>>;

/** Data that etcd must not be started with. @param why what is wrong with them */
export function decideDamaged(evidence: BootEvidence, owner: Owner, why: BootView['reasons'][number]): BootView {
  const { list } = evidence;
  if (typeof list === 'string') {
    const message = 'no member answers: if the others have lost the quorum, what is left here is for the recovery';
    return boot('wait', why, bootReason('NOBODY_ANSWERS', message));
  }
  const { clusterId, memberId } = owner;
  if (clusterId !== undefined && clusterId !== list.clusterId) {
    const message = `the data are of cluster ${clusterId}, and the members are of ${list.clusterId}`;
    return boot('refuse', bootReason('OTHER_CLUSTER', message), why);
  }
  const isListed = memberId === undefined || list.members.some(({ id }) => id === memberId);
  if (isListed || !list.linearizable) return boot('wait', why);
  const { action, reasons } = decideNotListed(evidence, list, memberId);
  return { action, reasons: [...reasons, why] };
}
