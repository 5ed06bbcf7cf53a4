import type { Observation } from '../../cluster/observation.ts';

/** An agent beside a member that is in no state to serve is not the one to lead. */
export function isFit(observation: Observation): boolean {
  const state = observation.sections.member?.value?.state;
  // CORRUPT is raised for the whole cluster, whoever it is about: somebody has to lead to deal with it.
  return state === 'healthy' || state === 'nospace' || state === 'corrupt' || refusedId(observation) !== undefined;
}

/**
 * The id of the own member by the member list, where it answers and refuses its status for want of a role (etcd 3.5.28 to
 * 3.5.31 do): its agent can do nothing, but it has to lead to be able to say so.
 */
export function refusedId({ member, sections }: Observation): string | undefined {
  const named = sections.cluster?.value?.members.filter(({ name }) => name === member) ?? [];
  const [own] = named;
  return named.length === 1 && own?.fault?.code === 'ETCD_PERMISSION_DENIED' ? own.id : undefined;
}

/** Etcd refuses writes, as the newest round has seen it. */
export function isFull({ sections }: Observation): boolean {
  return sections.cluster?.value?.alarms.some(({ alarm }) => alarm === 'NOSPACE') === true;
}

/** Etcd refuses writes because data differ, as the newest round has seen it. */
export function isCorrupt({ sections }: Observation): boolean {
  return sections.cluster?.value?.alarms.some(({ alarm }) => alarm === 'CORRUPT') === true;
}
