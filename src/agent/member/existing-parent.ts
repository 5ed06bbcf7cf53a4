import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * The nearest folder above this path that is there: on a new machine etcd makes the others, and their disk is that of this one.
 * Throws what the system says of a folder that is there and cannot be looked at.
 */
export async function existingParent(path: string): Promise<string> {
  const parent = dirname(path);
  try {
    await stat(parent);
    return parent;
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!isMissing || parent === path) throw error;
    return await existingParent(parent);
  }
}
