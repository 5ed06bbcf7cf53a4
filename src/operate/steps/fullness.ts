import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterState } from '../../cluster/state.ts';
import { formatBytes } from '../../cluster/units.ts';
import { OperationStopped } from '../operation.ts';
import type { Parts } from './parts.ts';
import { votersOf } from './unsafe.ts';

/** How full one voter is, by its own newest Status. */
export interface Fullness {
  readonly memberId: string;
  readonly name: string;
  readonly dbSizeBytes: number;
  readonly inUseBytes: number;
  /** Infinity where the quota is disabled. */
  readonly quotaBytes: number;
}

/** How full each voter is. Throws OperationStopped `QUOTA_UNKNOWN`, and what a Status fails with. */
export function fullnessOf(state: ClusterState, { effects }: Parts, signal: AbortSignal): Promise<readonly Fullness[]> {
  return Promise.all(
    votersOf(state).map(async ({ id: memberId, name, quotaBytes: known }) => {
      const { dbSizeBytes, dbSizeInUseBytes, dbSizeQuotaBytes } = await effects.status(memberId, signal);
      const quotaBytes = known ?? dbSizeQuotaBytes;
      if (quotaBytes === undefined) {
        throw new OperationStopped('QUOTA_UNKNOWN', `nobody says what the quota of ${name} is`, { member: name });
      }
      return { memberId, name, dbSizeBytes, inUseBytes: dbSizeInUseBytes, quotaBytes };
    }),
  );
}

/** Those that are not below a share of their quota. */
export function fullOnes(all: readonly Fullness[], ratio: number): readonly Fullness[] {
  return all.filter(({ dbSizeBytes, quotaBytes }) => dbSizeBytes >= ratio * quotaBytes);
}

/** `m1 15.9 MiB of 16.0 MiB, 4.10 MiB in use`. */
export function fullnessText(all: readonly Fullness[]): string {
  return all
    .map(
      ({ name, dbSizeBytes, inUseBytes, quotaBytes }) =>
        `${name} ${formatBytes(dbSizeBytes)} of ${formatBytes(quotaBytes)}, ${formatBytes(inUseBytes)} in use`,
    )
    .join('; ');
}

/** Etcd deletes in batches with a pause of up to 100 ms between them (3.4). */
const LEAST_PAUSE_MS = 250;
/** So often in a row the sizes are the same when it is over. */
const SAME_TIMES = 3;

/**
 * Waits until nothing more is freed: a compaction is back when the asked member is through, and the others go on with it by
 * themselves. A defragmentation before that would keep what is deleted after it.
 */
export async function untilSizesRest(state: ClusterState, parts: Parts, signal: AbortSignal): Promise<void> {
  const endMs = performance.now() + parts.timing.settleWithinMs;
  let before = '';
  for (let same = 0; same < SAME_TIMES && performance.now() < endMs; ) {
    const all = await fullnessOf(state, parts, signal);
    const now = all.map(({ inUseBytes }) => inUseBytes).join();
    same = now === before ? same + 1 : 0;
    before = now;
    await sleep(Math.max(LEAST_PAUSE_MS, parts.timing.pollMs), undefined, { signal });
  }
}
