import { committedIndex } from '../../cluster/committed-index.ts';
import type { Observation } from '../../cluster/observation.ts';
import type { RememberedMember } from './memory.ts';

/**
 * What an observation teaches of who the own member is; undefined where that is nothing. Only what a quorum says is learnt, and only
 * while the own member itself answers as one of the list: before, it is not known to be.
 */
export function learnt(observation: Observation, known: RememberedMember | undefined): RememberedMember | undefined {
  const cluster = observation.sections.cluster?.value;
  const status = observation.sections.member?.value?.status;
  if (cluster?.linearizable !== true) return undefined;
  const members = cluster.members.map(({ id, name, peerUrls, clientUrls, isLearner }) => ({
    ...{ id, name, peerUrls, clientUrls, isLearner },
  }));
  const agents = (observation.caretaking?.agents ?? []).flatMap(({ memberId, member, url }) =>
    url === undefined ? [] : [{ memberId, member, url }],
  );
  const listed = { members, ...listedOf(observation, members, known) };
  const places = agents.length === 0 ? (known?.agents ?? []) : agents;
  if (status !== undefined && status.clusterId === cluster.clusterId) {
    const own = members.find(({ id }) => id === status.memberId);
    // Under another name what answers may be somebody else.
    return own?.name === observation.member
      ? { clusterId: cluster.clusterId, memberId: own.id, ...listed, agents: places, ...leftOf(known, own.id) }
      : undefined;
  }
  // While it does not answer, only the list moves on, and only that of its own cluster.
  return known?.clusterId === cluster.clusterId ? { ...known, ...listed, agents: places } : undefined;
}

/** When the list began to be as it is: of several that agents remember, the one that changed last is the newest. */
function listedOf(
  { observedAtMs, sections }: Observation,
  members: RememberedMember['members'],
  known: RememberedMember | undefined,
): Pick<RememberedMember, 'listedAtMs' | 'listedAtIndex'> {
  const isKnown = known?.clusterId === sections.cluster?.value?.clusterId && asText(known?.members) === asText(members);
  if (isKnown && known?.listedAtMs !== undefined) {
    const { listedAtMs, listedAtIndex } = known;
    return { listedAtMs, ...(listedAtIndex === undefined ? {} : { listedAtIndex }) };
  }
  const raftIndex = committedIndex(sections.cluster?.value?.members ?? []);
  return { listedAtMs: observedAtMs, ...(raftIndex === undefined ? {} : { listedAtIndex: String(raftIndex) }) };
}

function asText(members: RememberedMember['members'] | undefined): string {
  return JSON.stringify((members ?? []).map(({ id, name, peerUrls, isLearner }) => [id, name, peerUrls, isLearner]));
}

/** An observation from before it left must not make that forgotten; another member in its place is another matter. */
function leftOf(known: RememberedMember | undefined, memberId: string): Pick<RememberedMember, 'leftAtMs' | 'leftBy'> {
  const { leftAtMs, leftBy } = known?.memberId === memberId ? known : {};
  return { ...(leftAtMs === undefined ? {} : { leftAtMs }), ...(leftBy === undefined ? {} : { leftBy }) };
}
