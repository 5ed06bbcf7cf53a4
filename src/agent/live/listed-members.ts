import type { Observation } from '../../cluster/observation.ts';
import type { ClusterMember } from '../../cluster/sections.ts';
import { ownMemberId } from '../../expose/live/member-brief.ts';
import type { SeenMember } from './agent-sight.ts';

/** A member of the list. */
export interface ListedMember extends SeenMember {
  /** This agent stands beside it. */
  readonly own: boolean;
}

/**
 * Every member of the list, and where its agent answers: as it has written it itself, else as it is configured, which is all there is while the
 * quorum is lost. Before the list is known: the own one.
 * @param known the list as it was last had, while it cannot be
 * @param configured URLs of the agents beside the planned members, by the member's name
 */
export function listedMembers(
  observation: Observation,
  known: readonly Pick<ClusterMember, 'id' | 'name'>[],
  configured: ReadonlyMap<string, string>,
): readonly ListedMember[] {
  const { member: ownName, sections, caretaking } = observation;
  const ownId = ownMemberId(observation);
  const listed = sections.cluster?.value?.members ?? known;
  const agents = caretaking?.agents ?? [];
  const members = listed.map(({ id, name }) => {
    const agent = agents.find(({ memberId }) => memberId === id);
    // Who was never started has its name only from its agent.
    const member = name || (agent?.member ?? id);
    const url = agent?.url ?? configured.get(member);
    return {
      memberId: id,
      member,
      own: id === ownId || (ownId === undefined && name === ownName),
      ...(url === undefined ? {} : { url }),
    };
  });
  if (members.some(({ own }) => own)) return members;
  return [{ memberId: ownId ?? '', member: ownName, own: true }, ...members];
}
