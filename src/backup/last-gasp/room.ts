import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AgentError } from '../../cluster/agent-error.ts';
import { formatBytes } from '../../cluster/units.ts';

/** So much of its size must be free: a last gasp must not fill the disk that the member needs to come back. */
const TIMES_ITS_SIZE = 1.2;

/** Throws `LAST_GASP_NO_ROOM` where the file system of `dir` has too little left for so many bytes. */
export async function requireRoom(dir: string, bytes: number): Promise<void> {
  const freeBytes = await freeUnder(dir);
  if (freeBytes >= TIMES_ITS_SIZE * bytes) return;
  throw new AgentError(
    'LAST_GASP_NO_ROOM',
    `${formatBytes(freeBytes)} are free under ${dir}, and a last gasp of ${formatBytes(bytes)} needs ${TIMES_ITS_SIZE} times its size.`,
    { remedy: 'Make room there, or set backup.lastGasp.dir to a folder on a larger disk; it is tried again.' },
  );
}

/** As a process without privileges has it; of the nearest folder above where `dir` is not there yet. */
async function freeUnder(dir: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(dir);
    return bavail * bsize;
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!isMissing || dirname(dir) === dir) throw error;
    return await freeUnder(dirname(dir));
  }
}
