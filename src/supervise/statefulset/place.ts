import type { SetState } from './kube-objects.ts';

/**
 * What the StatefulSet says of one of its ordinals. `kept`: there is to be such a pod. `shrunk`: there is not, since the set was made smaller.
 * `stopped`: there is to be no pod at all just now, or the set is gone or going: the data wait for it to come back, so that nobody leaves.
 */
export type Place = 'kept' | 'shrunk' | 'stopped';

/** @param set absent where there is no such StatefulSet */
export function placeOf(set: SetState | undefined, ordinal: number): Place {
  if (set === undefined || set.isDeleted || set.replicas === 0) return 'stopped';
  const { firstOrdinal, replicas } = set;
  return ordinal >= firstOrdinal && ordinal < firstOrdinal + replicas ? 'kept' : 'shrunk';
}
