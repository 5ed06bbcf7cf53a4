import type { BackupView } from '../../cluster/backup-view.ts';
import type { Config } from '../../config/config.ts';
import { longestIntervalSeconds } from '../../decide/schedule-interval.ts';

/** How long may pass between two full snapshots, and two drills, as their schedules say. */
export type BackupIntervals = Pick<BackupView, 'fullIntervalSeconds' | 'drillIntervalSeconds'>;

/** Of what is done by itself; what is off or only planned has no interval. @param nowMs wall clock */
export function intervalsOf({ full, drill }: Pick<Config['backup'], 'full' | 'drill'>, nowMs: number): BackupIntervals {
  return {
    ...(full.mode === 'auto' ? { fullIntervalSeconds: longestIntervalSeconds(full.schedule, nowMs) } : {}),
    ...(drill.mode === 'auto' ? { drillIntervalSeconds: longestIntervalSeconds(drill.schedule, nowMs) } : {}),
  };
}
