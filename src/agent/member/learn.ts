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
  const places = agents.length === 0 ? (known?.agents ?? []) : agents;
  if (status !== undefined && status.clusterId === cluster.clusterId) {
    const own = members.find(({ id }) => id === status.memberId);
    // Under another name what answers may be somebody else.
    return own?.name === observation.member
      ? { clusterId: cluster.clusterId, memberId: own.id, members, agents: places, ...leftOf(known, own.id) }
      : undefined;
  }
  // While it does not answer, only the list moves on, and only that of its own cluster.
  return known?.clusterId === cluster.clusterId ? { ...known, members, agents: places } : undefined;
}

/** An observation from before it left must not make that forgotten; another member in its place is another matter. */
function leftOf(known: RememberedMember | undefined, memberId: string): Pick<RememberedMember, 'leftAtMs' | 'leftBy'> {
  const { leftAtMs, leftBy } = known?.memberId === memberId ? known : {};
  return { ...(leftAtMs === undefined ? {} : { leftAtMs }), ...(leftBy === undefined ? {} : { leftBy }) };
}
