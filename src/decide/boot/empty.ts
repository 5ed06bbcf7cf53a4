import type { BootView } from '../../cluster/own-member.ts';
import type { BootEvidence, SeenList } from './evidence.ts';
import { decideNotListed } from './not-listed.ts';
import { boot, bootReason, called, listedAt } from './view.ts';

/** There are no data: it joins a cluster that is there, or begins one where it is certain that there never was any. */
export function decideEmpty(evidence: BootEvidence): BootView {
  const { list, process } = evidence;
  if (process.state === 'unknown') return boot('wait', bootReason('PROCESS_UNKNOWN', process.reason));
  return typeof list === 'string' ? decideBegin(evidence, list) : decideJoin(evidence, list);
}

function decideJoin(evidence: BootEvidence, list: SeenList): BootView {
  const { own, identity } = evidence;
  if (!list.linearizable) {
    return boot(
      'wait',
      bootReason('LIST_MAY_BE_OLD', 'a cluster is there, and it has no quorum that could take a member in'),
    );
  }
  const there = listedAt(list, own.peerUrl);
  if (there?.name === '') {
    return boot(
      'join',
      bootReason('ADDED_NOT_STARTED', `the cluster waits for a new member ${there.id} at ${own.peerUrl}`),
    );
  }
  const known = list.members.find(({ id }) => id === identity?.memberId) ?? there;
  if (known !== undefined && known.name !== '' && known.name !== own.name) {
    const message = `the cluster lists ${called(known)} where ${own.name} is configured at ${own.peerUrl}`;
    return boot('refuse', bootReason('OTHER_MEMBER', message));
  }
  if (known !== undefined && identity === undefined && known.clientUrls.length === 0) {
    // Etcd itself refuses to begin with a member that has told the cluster before where its clients find it.
    const message = `the cluster was begun with ${called(known)}, which has not started yet`;
    return boot('bootstrap', bootReason('BEGUN_WITHOUT', message));
  }
  if (known !== undefined) {
    return boot('join', bootReason('DATA_GONE', `the cluster lists ${called(known)}, and its data dir is empty`));
  }
  const namesake = list.members.find(({ name }) => name === own.name);
  if (namesake !== undefined) {
    const message = `the cluster lists ${called(namesake)} at ${namesake.peerUrls.join(', ')}, and this is at ${own.peerUrl}`;
    return boot('refuse', bootReason('OTHER_MEMBER', message));
  }
  if (identity === undefined)
    return boot('join', bootReason('NEW_MEMBER', `the cluster ${list.clusterId} does not know it yet`));
  if (identity.clusterId === list.clusterId) return decideNotListed(evidence, list, identity.memberId);
  const message = `it was member ${identity.memberId} of cluster ${identity.clusterId}, and its data dir is empty`;
  return boot(
    'join',
    bootReason('NEW_MEMBER', `the cluster ${list.clusterId} does not know it yet`),
    bootReason('OTHER_CLUSTER_REMEMBERED', message),
  );
}

/** A cluster is begun once: whatever is not known speaks against it, and everything that does is said. */
function decideBegin(evidence: BootEvidence, list: 'unreachable' | 'not-asked'): BootView {
  const { identity, own, peers, store } = evidence;
  const isConfigured = peers.some(({ name, peerUrl }) => name === own.name && peerUrl === own.peerUrl);
  // Who was a member before begins nothing, whatever the others say: they were not asked.
  if (identity !== undefined && store === 'not-asked') return boot('wait', memberBefore(identity));
  const [first, ...more] = [
    ...(list === 'not-asked' ? [bootReason('NOT_ASKED_YET', 'the members have not been asked yet')] : []),
    ...(identity === undefined ? [] : [memberBefore(identity)]),
    ...(isConfigured
      ? []
      : [bootReason('NOT_CONFIGURED', `the configured peers do not name ${own.name} at ${own.peerUrl}`)]),
    ...peers.flatMap(({ name, answer }) => {
      if (answer === 'empty-never-bootstrapped' || answer === 'bootstrapping') return [];
      if (answer === 'unreachable') return [bootReason('PEER_UNREACHABLE', `the agent of ${name} does not answer`)];
      const what = answer === 'has-data' ? 'has data' : 'was a member before';
      return [bootReason('PEER_HAS_DATA', `${name} ${what}: the cluster is there, and does not answer`)];
    }),
    ...(store === 'has-chain' ? [bootReason('STORE_HAS_CHAIN', 'the store has a backup of this cluster')] : []),
    ...(store === 'unreachable' || store === 'not-asked'
      ? [bootReason('STORE_UNREACHABLE', 'the store does not answer')]
      : []),
  ];
  if (first !== undefined) return boot('wait', first, ...more);
  const message = `all ${peers.length} configured peers are empty and were never members, and there is no backup`;
  return boot('bootstrap', bootReason('EMPTY_EVERYWHERE', message));
}

function memberBefore({ memberId }: { readonly memberId: string }): BootView['reasons'][number] {
  return bootReason('MEMBER_BEFORE', `it was member ${memberId}: it waits until the cluster answers`);
}
