import type { KeyspaceSection } from '../cluster/sections.ts';

/** Etcd's own client port, and where the agent of a member that has it listens unless it is told otherwise. */
const USUAL_CLIENT_PORT = 2379;
const USUAL_AGENT_PORT = 9379;

/** In a demo the agent listens this far above its member's client port. */
const DEMO_DISTANCE = 2;

/**
 * Where the agent that keeps the totals is, where there is a rule for it: beside etcd's usual port, or as in a demo, when
 * the agent that was asked listens as a demo's does. Undefined where there is none: other ports are anybody's guess.
 * `url` is the agent that was asked, `observation` what it answered to `/api/v1/observation`.
 */
export function likelyHolder(
  url: string,
  observation: unknown,
  heldBy: NonNullable<KeyspaceSection['heldBy']>,
): string | undefined {
  const sections = at(observation, 'sections');
  const members = at(at(at(sections, 'cluster'), 'value'), 'members');
  const ownId = at(at(at(at(sections, 'member'), 'value'), 'status'), 'memberId');
  const target = clientUrlOf(members, heldBy.memberId);
  const asked = URL.parse(url);
  // What a member calls its loopback is another machine's when its agent is.
  if (target === null || (isLoopback(target) && (asked === null || !isLoopback(asked)))) {
    return undefined;
  }
  const port = agentPort(Number(target.port), Number(asked?.port), Number(clientUrlOf(members, ownId)?.port));
  return port === undefined
    ? undefined
    : `${asked?.protocol === 'https:' ? 'https' : 'http'}://${target.hostname}:${port}`;
}

/** A Unix socket is on this machine too. */
function isLoopback({ protocol, hostname }: URL): boolean {
  return protocol === 'unix:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

function agentPort(clientPort: number, askedPort: number, ownClientPort: number): number | undefined {
  if (clientPort === USUAL_CLIENT_PORT) {
    return USUAL_AGENT_PORT;
  }
  return askedPort === ownClientPort + DEMO_DISTANCE ? clientPort + DEMO_DISTANCE : undefined;
}

/** The first client URL of a member. */
function clientUrlOf(members: unknown, id: unknown): URL | null {
  const member = Array.isArray(members) ? members.find((one: unknown) => at(one, 'id') === id) : undefined;
  const clientUrls = at(member, 'clientUrls');
  const clientUrl: unknown = Array.isArray(clientUrls) ? clientUrls[0] : undefined;
  return typeof clientUrl === 'string' ? URL.parse(clientUrl) : null;
}

function at(json: unknown, key: string): unknown {
  return typeof json === 'object' && json !== null ? Reflect.get(json, key) : undefined;
}
