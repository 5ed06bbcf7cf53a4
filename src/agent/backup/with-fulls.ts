import type { DeltaStatus } from '../../backup/delta/delta-stream.ts';
import { lowest } from '../../backup/revisions.ts';

/**
 * The status with what full snapshots hold: a store that no change has come to yet has all up to its full snapshot, as far as the
 * capture has got itself.
 * @param fulls revisions of the newest ones, in the order of the stores
 */
export function withFulls(status: DeltaStatus, fulls: readonly (bigint | undefined)[]): DeltaStatus {
  const { lastSeenRevision } = status.capture;
  return {
    ...status,
    stores: status.stores.map((store, index) => {
      const full = fulls[index];
      if (store.lastStoredRevision !== undefined || full === undefined) return store;
      return { ...store, lastStoredRevision: lowest([full, lastSeenRevision]) ?? 0n };
    }),
  };
}
