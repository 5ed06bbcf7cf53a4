import type { OwnMemberView } from '../../cluster/own-member.ts';
import type { Config } from '../../config/config.ts';
import type { AskedPeer, BootEvidence, PeerAnswer } from '../../decide/boot/evidence.ts';
import type { Evidence } from './evidence.ts';
import type { RememberedMember } from './memory.ts';
import type { BootParts } from './options.ts';
import type { PeerTold } from './peers-told.ts';

export interface GatherParts extends BootParts {
  readonly config: Pick<Config, 'member' | 'cluster'>;
  readonly peerUrl: string;
  readonly remembered: RememberedMember | undefined;
  readonly evidence: Evidence;
}

/** Asks only for what the decision hangs on: a member with its data is not kept waiting for a store that is far away. */
export async function gatherEvidence(parts: GatherParts, signal: AbortSignal): Promise<BootEvidence> {
  const { config, damagedEnds, dataDir, remembered, evidence, lastEnd, peerUrl, process } = parts;
  const list = await evidence.list(signal);
  const id = ('memberId' in dataDir ? dataDir.memberId : undefined) ?? remembered?.memberId;
  const isGone = list !== undefined && id !== undefined && list.members.every((member) => member.id !== id);
  const mayBegin = dataDir.state === 'empty' && list === undefined && !parts.bootstrapped;
  const [removedBy, peers, store] = await Promise.all([
    isGone ? removerOf(id, remembered, evidence, signal) : undefined,
    mayBegin ? evidence.peers(signal) : [],
    mayBegin ? evidence.store(signal) : ('not-asked' as const),
  ]);
  return {
    own: { name: config.member.name, peerUrl },
    dataDir,
    left: remembered?.leftAtMs !== undefined,
    list: list ?? 'unreachable',
    peers: mayBegin ? config.cluster.peers.map((peer) => answerOf(peer, config.member.name, peers)) : [],
    store,
    process,
    damagedEnds,
    ...(remembered === undefined
      ? {}
      : { identity: { clusterId: remembered.clusterId, memberId: remembered.memberId } }),
    ...(removedBy === undefined ? {} : { removedBy }),
    ...(lastEnd === undefined ? {} : { lastEnd }),
  };
}

/** What was remembered of it counts also when the journal has forgotten it. */
async function removerOf(
  id: string,
  remembered: RememberedMember | undefined,
  evidence: Evidence,
  signal: AbortSignal,
): Promise<BootEvidence['removedBy']> {
  const isShrunk = remembered?.memberId === id && remembered.leftBy === 'statefulset';
  return isShrunk ? 'journal' : await evidence.removedBy(id, signal);
}

/** The own one is empty and was never a member: else nobody would be asked. */
function answerOf(
  { name, peerUrl }: Pick<AskedPeer, 'name' | 'peerUrl'>,
  ownName: string,
  told: readonly PeerTold[],
): AskedPeer {
  const own = told.find(({ peer }) => peer.name === name)?.own;
  return { name, peerUrl, answer: name === ownName ? 'empty-never-bootstrapped' : answer(own) };
}

function answer(own: OwnMemberView | undefined): PeerAnswer {
  if (own === undefined) return 'unreachable';
  if (own.bootstrapped) return 'bootstrapped-before';
  if (own.bootstrapping === true) return 'bootstrapping';
  return own.dataDir.state === 'empty' ? 'empty-never-bootstrapped' : 'has-data';
}
