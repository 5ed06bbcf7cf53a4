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

/**
 * Whether anybody has a lock of any kind on a file, from `/proc/locks`. By the inode alone: on btrfs and overlayfs the table names another
 * device than `stat`, and a lock too many is the safer mistake. Holders in a PID namespace that the reader cannot see are not in it.
 */
export function isLocked(locks: string, inode: bigint): boolean {
  return locks.split('\n').some((line) => {
    const where = line
      .trim()
      .split(/\s+/)
      .find((word) => /^[0-9a-f]+:[0-9a-f]+:\d+$/.test(word));
    return where?.split(':')[2] === String(inode);
  });
}
