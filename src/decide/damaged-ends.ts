import type { EndCause } from '../cluster/own-member.ts';

/**
 * Etcd has to call its data damaged at so many ends in a row, while its agent reads them and finds them whole, before that counts: one line of a log proves
 * nothing of what a disk holds, and what goes wrong once (a bit in memory, a read that failed) does not go wrong the same way each time.
 */
export const DAMAGED_ENDS = 3;

/** Ends by which etcd says that its data are damaged, or are others than its peers have. */
export const DAMAGED: ReadonlySet<EndCause> = new Set(['wal-corrupt', 'database-corrupt', 'data-differs']);
