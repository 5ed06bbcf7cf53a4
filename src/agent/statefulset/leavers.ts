import { BY_STATEFULSET } from '../../cluster/caretaking.ts';
import type { Observation } from '../../cluster/observation.ts';
import type { SetState } from '../../supervise/statefulset/kube-objects.ts';
import { placeOf } from '../../supervise/statefulset/place.ts';
import { ordinalOf, type PodIdentity } from '../../supervise/statefulset/pod-identity.ts';

/** A listed member whose pod the StatefulSet does not want any more. */
export interface Leaver {
  readonly id: string;
  readonly name: string;
}

/**
 * For whom this agent has to ask that it leaves the cluster, the highest ordinal first: its own member, and where it leads those of other pods
 * beside which no agent is any more. One that is there asks for itself: it may be a pod of another Kubernetes cluster, in a StatefulSet of the
 * same name. Empty where no quorum has confirmed the member list. Members are known by the names of their pods.
 */
export function leaversOf(
  set: SetState | undefined,
  identity: Pick<PodIdentity, 'pod' | 'statefulSet'>,
  { sections, caretaking }: Pick<Observation, 'sections' | 'caretaking'>,
): readonly Leaver[] {
  const cluster = sections.cluster?.value;
  if (cluster?.linearizable !== true) return [];
  return cluster.members
    .flatMap(({ id, name }) => {
      const place = ordinalOf(name);
      if (place?.of !== identity.statefulSet || placeOf(set, place.number) !== 'shrunk') return [];
      const isAlone = caretaking?.agents.every(({ memberId }) => memberId !== id) === true;
      const isMine = name === identity.pod || (caretaking?.leads === true && isAlone);
      return isMine ? [{ id, name, ordinal: place.number }] : [];
    })
    .toSorted((a, b) => b.ordinal - a.ordinal)
    .map(({ id, name }) => ({ id, name }));
}

/** Whether a member's leaving is asked for already, or under way. */
export function isAsked({ caretaking }: Pick<Observation, 'caretaking'>, { id }: Leaver): boolean {
  const { requests = [], slot } = caretaking ?? {};
  const isWaiting = requests.some(
    ({ operation, target, by }) => operation === 'leave' && target === id && by === BY_STATEFULSET,
  );
  return isWaiting || (slot?.operation === 'leave' && slot.targets.includes(id));
}
