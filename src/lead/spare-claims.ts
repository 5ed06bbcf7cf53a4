import type { JournalSnapshot, SpareEpoch } from '../journal/snapshot.ts';

/** The newest spare epoch that somebody has claimed and that is not behind the stored epoch yet. */
export function newestClaim({ spares, epoch = 0n }: JournalSnapshot): SpareEpoch | undefined {
  return spares.findLast((spare) => spare.epoch > epoch && spare.missing.length > 0);
}

/** Its number; 0 where none is claimed. */
export function highestClaimed(snapshot: JournalSnapshot): bigint {
  return newestClaim(snapshot)?.epoch ?? 0n;
}
