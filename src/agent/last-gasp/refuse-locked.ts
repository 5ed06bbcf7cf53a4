import { readFile, stat } from 'node:fs/promises';
import { AgentError } from '../../cluster/agent-error.ts';
import { isLocked } from '../../observe/linux/lock-table.ts';

/**
 * Throws `LAST_GASP_MEMBER_RUNS` where a process that the agent can see holds a lock on one of these files: etcd has one on its database and
 * on each file of its WAL for as long as it runs.
 */
export async function refuseLocked(paths: readonly string[], signal: AbortSignal): Promise<void> {
  const locks = await readFile('/proc/locks', { encoding: 'utf8', signal });
  for (const path of paths) {
    const { ino } = await stat(path, { bigint: true });
    if (!isLocked(locks, ino)) continue;
    throw new AgentError('LAST_GASP_MEMBER_RUNS', `${path} is in use: etcd has been started again.`, {
      remedy: 'Nothing: once it answers its snapshot is taken, if there is still no quorum.',
    });
  }
}
