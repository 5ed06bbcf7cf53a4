import type { OwnMemberView } from '../../cluster/own-member.ts';
import type { Config } from '../../config/config.ts';
import type { AskedPeer, BootEvidence, PeerAnswer, SeenList } from '../../decide/boot/evidence.ts';
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

/** A quorum that has its leader answers sooner on a machine that is not overloaded. */
const QUICK_QUORUM_MS = 200;

/** Asks only for what the decision hangs on: a member with its data is not kept waiting for a store that is far away. */
export async function gatherEvidence(parts: GatherParts, signal: AbortSignal): Promise<BootEvidence> {
  const { config, damagedEnds, dataDir, remembered, evidence, lastEnd, peerUrl, process } = parts;
  const id = ('memberId' in dataDir ? dataDir.memberId : undefined) ?? remembered?.memberId;
  const list = await listOf(parts, id, signal);
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

/**
 * A member that was killed with its data whole is started again also where nobody else answers: whoever remembers it in the list is asked no
 * further, since a quorum may only answer once the others have elected a leader, a second or two later. Etcd itself ends where it was removed meanwhile.
 */
async function listOf(
  { dataDir, evidence, lastEnd }: GatherParts,
  id: string | undefined,
  signal: AbortSignal,
): Promise<SeenList | undefined> {
  if (dataDir.state === 'intact' && lastEnd?.cause === 'killed') {
    const quick = await evidence.list(signal, QUICK_QUORUM_MS);
    // Where nobody has answered at all, nobody is asked for as long again.
    if (quick === undefined || quick.members.some((member) => member.id === id)) return quick;
  }
  return await evidence.list(signal);
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
