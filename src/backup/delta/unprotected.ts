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

/** What the deltas of a store stand on. Without it they bring nothing back. */
export interface FullCover {
  /** Revision of its newest full snapshot; undefined where it has none. */
  readonly full: bigint | undefined;
  /** The first revision after it that is lost to the chain; undefined where none is. */
  readonly lostFrom: bigint | undefined;
  /** Since when either is wanting (wall clock, ms since 1970); undefined where neither is. */
  readonly wantingSinceMs: number | undefined;
}

/**
 * How far what can be restored from each place lags behind the live cluster.
 * @param nowMs wall clock; where it has jumped back nothing counts as younger than now
 * @param covers in the order of the stores, undefined where it is not known; without it each has what its deltas stand on
 */
export function recoveryPoints(
  { capture, stores }: DeltaStatus,
  nowMs: number,
  covers?: readonly (FullCover | undefined)[],
): RecoveryPoints {
  const live = highest([capture.lastSeenRevision, capture.liveRevision ?? 0n]) ?? 0n;
  const openAtMs = capture.oldestOpenAtMs ?? capture.behindSinceMs;
  const point = (has: bigint, oldestAtMs: number | undefined): Unprotected => ({
    seconds: has >= live || oldestAtMs === undefined ? 0 : Math.max(0, nowMs - oldestAtMs) / 1000,
    revisions: has >= live ? 0n : live - has,
  });
  const ofStore = (status: UploaderStatus, cover: FullCover | undefined): Unprotected | undefined => {
    const { positioned, lastStoredRevision = 0n, oldestWaitingAtMs = openAtMs } = status;
    if (!positioned || (covers !== undefined && cover === undefined)) return undefined;
    const has = cover === undefined ? lastStoredRevision : restorable(cover, lastStoredRevision);
    const sinceMs = [cover?.wantingSinceMs, oldestWaitingAtMs].filter((atMs) => atMs !== undefined);
    return point(has, sinceMs.length === 0 ? undefined : Math.min(...sinceMs));
  };
  return {
    spool: point(capture.lastSpooledRevision, openAtMs),
    stores: new Map(stores.map((status, index) => [status.store, ofStore(status, covers?.[index])])),
  };
}

/** The last revision that a store can bring back: from its full snapshot, along deltas without a hole. */
function restorable({ full, lostFrom }: FullCover, stored: bigint): bigint {
  if (full === undefined) return 0n;
  const reached = lostFrom !== undefined && lostFrom <= stored ? lostFrom - 1n : stored;
  return reached > full ? reached : full;
}

/** The least that all stores have: what must not be compacted away yet is above it. Undefined where that is not known. */
export function storedEverywhere({ stores }: DeltaStatus): bigint | undefined {
  const ends = stores.map(({ lastStoredRevision }) => lastStoredRevision);
  return ends.includes(undefined) ? undefined : lowest(ends.filter((end) => end !== undefined));
}
