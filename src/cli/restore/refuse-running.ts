import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentError } from '../../cluster/agent-error.ts';
import { isLocked } from '../../observe/linux/lock-table.ts';

/** Below a data dir; a WAL that lies elsewhere has its files in its own folder. */
const FOLDERS = ['', 'member/snap', 'member/wal'];

/**
 * Throws `DATA_DIR_IN_USE` where a process has a lock on a file of one of these data dirs or WALs: etcd has, on its database and its
 * WAL, for as long as it runs, and would go on writing into what was moved away. Where nobody can tell, that is said.
 * @param paths what is to be moved aside
 */
export async function refuseRunning(paths: readonly string[], signal: AbortSignal): Promise<void> {
  let locks: string;
  try {
    locks = await readFile('/proc/locks', { encoding: 'utf8', signal });
  } catch {
    signal.throwIfAborted();
    process.stderr.write('note: it cannot be seen here whether etcd runs (there is no /proc/locks)\n');
    return;
  }
  for (const path of paths) {
    for (const file of await filesOf(path)) {
      const found = await stat(file, { bigint: true }).catch(() => undefined);
      if (found === undefined || !isLocked(locks, found.ino)) continue;
      throw new AgentError('DATA_DIR_IN_USE', `${path} is in use: a process has a lock on ${file}.`, {
        remedy: 'Stop etcd, and whatever starts it again; then run this again. Nothing was moved.',
      });
    }
  }
}

async function filesOf(path: string): Promise<readonly string[]> {
  const inside = await Promise.all(
    FOLDERS.map(async (name) => {
      const folder = join(path, name);
      return (await readdir(folder).catch(() => [])).map((file) => join(folder, file));
    }),
  );
  return [path, ...inside.flat()];
}
