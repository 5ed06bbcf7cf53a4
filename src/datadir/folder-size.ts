import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const BLOCK_BYTES = 512;

/** What a folder takes on its disk. */
export interface FolderSize {
  /** Links are not followed, and what is mounted below it is not counted. */
  readonly bytes: number;
  /** Something is mounted below it. */
  readonly hasMounts: boolean;
}

/** Adds up a folder. Throws system errors, and what `signal` was aborted with. */
export async function folderSize(folder: string, signal: AbortSignal): Promise<FolderSize> {
  const { dev } = await lstat(folder);
  let [bytes, hasMounts] = [0, false];
  const open = [folder];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    signal.throwIfAborted();
    for (const entry of await readdir(next, { withFileTypes: true })) {
      const path = join(next, entry.name);
      const found = await lstat(path);
      if (found.dev !== dev) hasMounts = true;
      else bytes += found.blocks * BLOCK_BYTES;
      if (found.dev === dev && found.isDirectory()) open.push(path);
    }
  }
  return { bytes, hasMounts };
}
