import type { Observation } from '../../cluster/observation.ts';

/** An agent beside a member that is in no state to serve is not the one to lead. */
export function isFit({ sections }: Observation): boolean {
  const state = sections.member?.value?.state;
  return state === 'healthy' || state === 'nospace';
}

/** Etcd refuses writes, as the newest round has seen it. */
export function isFull({ sections }: Observation): boolean {
  return sections.cluster?.value?.alarms.some(({ alarm }) => alarm === 'NOSPACE') === true;
}
