import { lowest } from '../revisions.ts';
import type { Spool } from './spool.ts';
import type { StorePosition } from './store-position.ts';

/**
 * After which revision the capture goes on, so that every store gets what it lacks: each one's history is carried on by the
 * spool as far as that goes. `earliest` where a store has not answered (it may lack anything), `live` where there is no history
 * at all yet.
 * @param positions undefined: not known
 */
export function startAfter(
  spool: Pick<Spool, 'reach' | 'pieces'>,
  positions: readonly (StorePosition | undefined)[],
): bigint | 'earliest' | 'live' {
  const spooled = spool.pieces[0] === undefined ? undefined : spool.reach(spool.pieces[0].from - 1n);
  const ends: bigint[] = [];
  for (const position of positions) {
    // What was in the spool when it was last known to be needed is needed first; without it, anything may be.
    if (position === undefined && spooled === undefined) return 'earliest';
    if (position?.storedRevision !== undefined) ends.push(spool.reach(position.storedRevision));
    else if (spooled !== undefined) ends.push(spooled);
  }
  return lowest(ends) ?? 'live';
}
