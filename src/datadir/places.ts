import { lstat, readdir } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { systemCodeOf } from './system-fault.ts';

/** Where etcd has its data. */
export interface DataPlaces {
  readonly dataDir: string;
  /** Left out: `member/wal` in the data dir, where etcd has it unless it is told otherwise. */
  readonly walDir?: string;
}

/** Folder of the WAL. */
export function walDirOf({ dataDir, walDir }: DataPlaces): string {
  return walDir ?? join(dataDir, 'member', 'wal');
}

/** The folder of the WAL, where it is not in the data dir; undefined otherwise. */
export function outerWalDir(places: DataPlaces): string | undefined {
  const walDir = resolve(walDirOf(places));
  return walDir.startsWith(`${resolve(places.dataDir)}${sep}`) ? undefined : walDir;
}

/** Names in a folder; none where it is not there. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Whether there is something of this name, be it a link to nowhere. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
