import type { KeyspaceSection } from '../cluster/sections.ts';

/** An agent listens this far above its member's client port unless it is told otherwise: 9379 beside 2379. */
const AGENT_PORT_DISTANCE = 7000;

/**
 * Where the agent that keeps the totals is likely to be, from what another agent knows of its member; undefined when that
 * cannot be told. `url` is the agent that was asked, `observation` what it answered to `/api/v1/observation`.
 */
export function likelyHolder(
  url: string,
  observation: unknown,
  heldBy: NonNullable<KeyspaceSection['heldBy']>,
): string | undefined {
  const members = at(at(at(at(observation, 'sections'), 'cluster'), 'value'), 'members');
  const member = Array.isArray(members) ? members.find((one: unknown) => at(one, 'id') === heldBy.memberId) : undefined;
  const clientUrls = at(member, 'clientUrls');
  const clientUrl: unknown = Array.isArray(clientUrls) ? clientUrls[0] : undefined;
  const target = typeof clientUrl === 'string' ? URL.parse(clientUrl) : null;
  if (target === null || target.port === '' || Number(target.port) + AGENT_PORT_DISTANCE > 65_535) {
    return undefined;
  }
  const scheme = url.startsWith('https:') ? 'https' : 'http';
  return `${scheme}://${target.hostname}:${Number(target.port) + AGENT_PORT_DISTANCE}`;
}

function at(json: unknown, key: string): unknown {
  return typeof json === 'object' && json !== null ? Reflect.get(json, key) : undefined;
}
