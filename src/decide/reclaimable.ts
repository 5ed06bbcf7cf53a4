import type { MemberState } from '../cluster/state.ts';
import type { DecideSettings } from './settings.ts';

/** Under quota pressure so much of both thresholds is enough. */
const UNDER_PRESSURE = 0.5;

/** Free pages of a member's database. */
export interface Reclaimable {
  readonly member: MemberState;
  readonly dbSizeBytes: number;
  readonly inUseBytes: number;
  readonly bytes: number;
  /** Share of the file. */
  readonly ratio: number;
}

/** What a defragmentation would give back; undefined where the member does not say how large its database is. */
export function reclaimableOf(member: MemberState): Reclaimable | undefined {
  const { dbSizeBytes, dbSizeInUseBytes: inUseBytes } = member;
  if (dbSizeBytes === undefined || inUseBytes === undefined) return undefined;
  const bytes = Math.max(0, dbSizeBytes - inUseBytes);
  return { member, dbSizeBytes, inUseBytes, bytes, ratio: dbSizeBytes > 0 ? bytes / dbSizeBytes : 0 };
}

/** Whether that is over both thresholds, which are halved where the file comes near its quota. */
export function isWorthwhile(
  { member, dbSizeBytes, bytes, ratio }: Reclaimable,
  { defrag: { minReclaimableBytes, minReclaimableRatio, quotaPressureRatio } }: DecideSettings,
): boolean {
  const pressed = member.quotaBytes !== undefined && dbSizeBytes >= quotaPressureRatio * member.quotaBytes;
  const share = pressed ? UNDER_PRESSURE : 1;
  return bytes > 0 && bytes >= share * minReclaimableBytes && ratio >= share * minReclaimableRatio;
}
