import type { ClusterState } from '../../cluster/state.ts';
import type { Reads } from '../effects.ts';

/** The highest compact revision that an agent has seen at its member; 0 where none is known. */
export function seenCompactRevision({ members }: ClusterState): bigint {
  return members.reduce((most, { observed }) => {
    const seen = observed?.compactRevision ?? 0n;
    return seen > most ? seen : most;
  }, 0n);
}

/** Of an empty store: there is nothing before it. */
const FIRST_REVISION = 1n;

/**
 * How far the store is compacted, up to `atMost`: found by reads, since etcd says so nowhere but on its metrics page.
 * @param guess how far it seems to be
 */
export async function compactedTo(
  { guess, atMost }: { readonly guess: bigint; readonly atMost: bigint },
  reads: Reads,
  signal: AbortSignal,
): Promise<bigint> {
  if (atMost <= FIRST_REVISION || (await reads.compactedBefore(atMost, signal))) return atMost;
  let compacted = guess < atMost && (await reads.compactedBefore(guess, signal)) ? guess : FIRST_REVISION;
  let open = atMost;
  // The commonest answer first: it is as it seems.
  for (let probe = compacted + 1n; open - compacted > 1n; probe = (compacted + open) / 2n) {
    if (await reads.compactedBefore(probe, signal)) compacted = probe;
    else open = probe;
  }
  return compacted;
}
