import { highest, lowest } from '../revisions.ts';
import type { DeltaStatus } from './delta-stream.ts';
import type { UploaderStatus } from './uploader.ts';

/** What would be lost if everything but this place were lost now. */
export interface Unprotected {
  /** Since when the oldest revision that is not there has been known, in seconds; 0 where nothing is missing. */
  readonly seconds: number;
  /** How many revisions are not there, of those that are known of. */
  readonly revisions: bigint;
}

/** The recovery point of each place apart. */
export interface RecoveryPoints {
  /** The spool on this machine: what survives the death of the process, not that of the machine. */
  readonly spool: Unprotected;
  /** By URL; undefined where it is not known what the store has. */
  readonly stores: ReadonlyMap<string, Unprotected | undefined>;
}

/**
 * How far each place lags behind the live cluster.
 * @param nowMs wall clock; where it has jumped back nothing counts as younger than now
 */
export function recoveryPoints({ capture, stores }: DeltaStatus, nowMs: number): RecoveryPoints {
  const live = highest([capture.lastSeenRevision, capture.liveRevision ?? 0n]) ?? 0n;
  const point = (has: bigint, oldestAtMs: number | undefined): Unprotected => ({
    seconds: has >= live || oldestAtMs === undefined ? 0 : Math.max(0, nowMs - oldestAtMs) / 1000,
    revisions: has >= live ? 0n : live - has,
  });
  const ofStore = ({ positioned, lastStoredRevision, oldestWaitingAtMs }: UploaderStatus): Unprotected | undefined => {
    if (!positioned) return undefined;
    return point(lastStoredRevision ?? 0n, oldestWaitingAtMs ?? capture.oldestOpenAtMs);
  };
  return {
    spool: point(capture.lastSpooledRevision, capture.oldestOpenAtMs),
    stores: new Map(stores.map((status) => [status.store, ofStore(status)])),
  };
}

/** The least that all stores have: what must not be compacted away yet is above it. Undefined where that is not known. */
export function storedEverywhere({ stores }: DeltaStatus): bigint | undefined {
  const ends = stores.map(({ lastStoredRevision }) => lastStoredRevision);
  return ends.includes(undefined) ? undefined : lowest(ends.filter((end) => end !== undefined));
}
