import type { Config } from '../../../config/config.ts';
import { BackupPointsReader } from './reader.ts';

/** What tells the points of the stores; undefined where none is configured. Its owner closes it. */
export function backupPointsOf(
  { backup, cluster }: Config,
  timeline: () => string | undefined,
): BackupPointsReader | undefined {
  return backup.store.length === 0
    ? undefined
    : new BackupPointsReader({ backup, clusterName: cluster.name, timeline });
}
