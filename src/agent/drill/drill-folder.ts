import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DRILL_FOLDER, SCRATCH_FOLDER, sweepOwnedFolders } from '../../backup/restore/owned-folder.ts';
import type { Config } from '../../config/config.ts';

/** Where the restored copy lies for the time of a drill. */
export function drillFolder({ drill: { dir }, spool }: Pick<Config['backup'], 'drill' | 'spool'>): string {
  return dir ?? join(spool.dir ?? join(tmpdir(), 'etcd-caretaker-spool'), 'drill');
}

/**
 * Removes what drills that were killed had left, decrypted: the agent does so when it begins, for it may be that it was killed with
 * them. Never rejects.
 * @param log told of what was removed
 */
export async function sweepDrills(
  backup: Pick<Config['backup'], 'drill' | 'spool'>,
  log: (message: string, fields: Readonly<Record<string, unknown>>) => void,
): Promise<void> {
  const folders = [
    ...(await sweepOwnedFolders(drillFolder(backup), DRILL_FOLDER)),
    ...(await sweepOwnedFolders(tmpdir(), SCRATCH_FOLDER)),
  ];
  if (folders.length > 0) log('removed what drills that were killed had left', { folders });
}
