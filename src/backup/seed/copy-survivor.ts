import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentError } from '../../cluster/agent-error.ts';
import { formatBytes } from '../../cluster/units.ts';

/** Where a member that has ended has its files. */
export interface SurvivorFiles {
  readonly dataDir: string;
  readonly walDir: string;
}

/** The copy, what grows in it, and the data dir that is made of it lie beside each other for a while. */
const TIMES_ITS_SIZE = 2.5;

/**
 * Copies the data dir of a member that has ended into `folder`, as `data` with its WAL in it. The original is only read.
 * Throws `SEED_NO_ROOM`, and the system's error.
 */
export async function copySurvivor(
  { dataDir, walDir }: SurvivorFiles,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const [snap, wal] = [join(folder, 'data/member/snap'), join(folder, 'data/member/wal')];
  const files = [...(await filesIn(join(dataDir, 'member/snap'), snap)), ...(await filesIn(walDir, wal))];
  await requireRoom(
    folder,
    files.reduce((sum, { bytes }) => sum + bytes, 0),
  );
  for (const each of [snap, wal]) await mkdir(each, { recursive: true, mode: 0o700 });
  for (const { from, to } of files) {
    signal.throwIfAborted();
    // In no time, and without room, where the file system can share blocks.
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  }
}

async function filesIn(folder: string, into: string): Promise<readonly { from: string; to: string; bytes: number }[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  // What is only prepared, or half received, has nothing in it that the member relies on.
  const names = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.tmp') && !entry.name.startsWith('tmp'))
    .map(({ name }) => name);
  return await Promise.all(
    names.map(async (name) => {
      const from = join(folder, name);
      return { from, to: join(into, name), bytes: (await stat(from)).size };
    }),
  );
}

async function requireRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  if (freeBytes >= TIMES_ITS_SIZE * bytes) return;
  throw new AgentError(
    'SEED_NO_ROOM',
    `${formatBytes(freeBytes)} are free beside the data dir, and to seed from ${formatBytes(bytes)} takes ${TIMES_ITS_SIZE} times as much.`,
    { remedy: 'Make room on that disk, then go on. Nothing was changed.' },
  );
}
