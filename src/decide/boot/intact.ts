import type { BootView, DataDirState } from '../../cluster/own-member.ts';
import type { BootEvidence, SeenList } from './evidence.ts';
import { decideNotListed } from './not-listed.ts';
import { boot, bootReason, called } from './view.ts';

/** Data that etcd can start with: they are started, unless they are known to be somebody else's or to have been removed. */
export function decideIntact(evidence: BootEvidence, data: Extract<DataDirState, { state: 'intact' }>): BootView {
  const { identity, lastEnd, list } = evidence;
  if (typeof list !== 'string') {
    if (list.clusterId !== data.clusterId) {
      const message = `the data are of cluster ${data.clusterId}, and the members are of ${list.clusterId}`;
      return boot('refuse', bootReason('OTHER_CLUSTER', message));
    }
    return decideListed(evidence, list, data.memberId);
  }
  if (identity !== undefined && identity.clusterId !== data.clusterId) {
    const message = `the data are of cluster ${data.clusterId}, and this was a member of ${identity.clusterId}`;
    return boot('refuse', bootReason('OTHER_CLUSTER', message));
  }
  if (identity !== undefined && identity.memberId !== data.memberId) {
    const message = `the data are of member ${data.memberId}, and this was member ${identity.memberId}`;
    return boot('refuse', bootReason('OTHER_MEMBER', message));
  }
  if (lastEnd?.cause === 'removed') {
    return boot(
      'wait',
      bootReason('ETCD_SAYS_REMOVED', 'etcd ended as a removed member does, and nobody can be asked'),
    );
  }
  const message = 'the data are intact and nobody can be asked: the quorum may need them';
  return boot('start', bootReason('NOBODY_ANSWERS', message), ...endOf(evidence));
}

/** What the cluster says of data that are its own. */
function decideListed(evidence: BootEvidence, list: SeenList, memberId: string): BootView {
  const { own, lastEnd } = evidence;
  const member = list.members.find(({ id }) => id === memberId);
  if (member === undefined) {
    if (list.linearizable) return decideNotListed(evidence, list, memberId);
    const message = `a list that may be old does not have member ${memberId}`;
    return lastEnd?.cause === 'removed'
      ? boot(
          'wait',
          bootReason('ETCD_SAYS_REMOVED', 'etcd ended as a removed member does'),
          bootReason('LIST_MAY_BE_OLD', message),
        )
      : boot('start', bootReason('LIST_MAY_BE_OLD', `${message}, and the quorum may need it`), ...endOf(evidence));
  }
  const isHere = member.peerUrls.includes(own.peerUrl);
  if (!isHere && member.name !== '' && member.name !== own.name) {
    const message = `the data are those of ${called(member)}, and the configured member is ${own.name} at ${own.peerUrl}`;
    return boot('refuse', bootReason('OTHER_MEMBER', message));
  }
  const moved = `the cluster knows it at ${member.peerUrls.join(', ')}, and it is configured at ${own.peerUrl}`;
  return boot(
    'start',
    bootReason('LISTED', `the cluster lists ${called(member)}`),
    ...(isHere ? [] : [bootReason('ADDRESS_CHANGED', moved)]),
    ...endOf(evidence),
  );
}

/** How it ended is told, and no reason against another start: whoever starts it waits longer each time. */
function endOf({ lastEnd }: BootEvidence): readonly BootView['reasons'][number][] {
  return lastEnd === undefined || lastEnd.cause === 'asked'
    ? []
    : [bootReason('LAST_END', `etcd ended the last time with ${lastEnd.how} (${lastEnd.cause})`)];
}
