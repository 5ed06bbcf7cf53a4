import { lchown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Gives everything below `made` the owner of what lies at `target` now, which it is to replace; does nothing where nothing lies there.
 * Etcd rarely runs as the user who restores. Throws the system's error where this user may not.
 */
export async function giveOwnerOf(target: string, made: string): Promise<void> {
  const before = await lstat(target).catch(() => undefined);
  if (before === undefined) return;
  const { uid, gid } = await lstat(made);
  if (uid === before.uid && gid === before.gid) return;
  const entries = await readdir(made, { recursive: true }).catch(() => []);
  for (const path of [made, ...entries.map((name) => join(made, name))]) await lchown(path, before.uid, before.gid);
}
