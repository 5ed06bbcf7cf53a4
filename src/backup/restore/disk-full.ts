import { AgentError } from '../../cluster/agent-error.ts';

/** What etcd's tools say where the kernel answers ENOSPC. */
const NO_SPACE = /no space left on device|disk quota exceeded/i;
/** Causes of causes are looked at so far. */
const DEEPEST = 5;

/**
 * Where a restore has failed since the disk became full, an error that says so in place of what it looked like; else the error
 * itself.
 * @param folder where everything is made
 */
export function diskFullOr(error: unknown, folder: string): unknown {
  if (!isDiskFull(error, DEEPEST)) return error;
  return new AgentError('RESTORE_DISK_FULL', `There is not enough room on the disk of ${folder} for the restore.`, {
    remedy:
      'It needs about three times the size of the database, and 200 MiB more for each data dir: make room, or name a target on another disk.',
    cause: error,
  });
}

function isDiskFull(error: unknown, depth: number): boolean {
  if (!(error instanceof Error) || depth === 0) return false;
  if ('code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')) return true;
  return NO_SPACE.test(error.message) || isDiskFull(error.cause, depth - 1);
}
