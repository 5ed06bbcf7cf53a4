import type { ClusterState } from '../cluster/state.ts';

/** Up to where the store has been compacted, by the member that is furthest; undefined where no agent says. */
export function compactedTo({ members }: ClusterState): bigint | undefined {
  return members
    .flatMap(({ observed }) => observed?.compactRevision ?? [])
    .toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    .at(-1);
}
