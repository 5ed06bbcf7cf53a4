/**
 * The process that holds a `flock` on a file, from `/proc/locks` (proc_locks(5)). Pids are those of the reader's
 * namespace; a holder that it cannot see has 0, a lock of an open file description -1: both are no answer.
 */
export function flockHolder(locks: string, file: { device: string; inode: bigint }): number | undefined {
  const [major, minor] = file.device.split(':').map((part) => Number(part).toString(16).padStart(2, '0'));
  const wanted = `${major}:${minor}:${file.inode}`;
  for (const line of locks.split('\n')) {
    const [, kind, , , pid, where] = line.trim().split(/\s+/);
    if (kind === 'FLOCK' && where === wanted && Number(pid) > 0) return Number(pid);
  }
  return undefined;
}
