import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Whose a new file is: mode bits, user and group id. */
export interface FileOwner {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** The mode and owner of a file, to give to another one. Throws the system's error. */
export async function ownerOf(path: string): Promise<FileOwner> {
  const { mode, uid, gid } = await stat(path);
  return { mode: mode & 0o7777, uid, gid };
}

/**
 * Puts a text in the place of a file in one go: whoever reads it sees the old one or the new one, also after a power cut. It is
 * written to `temporary` first, which has to be on the same file system. Throws the system's error and leaves no temporary.
 */
export async function replaceFile(path: string, temporary: string, text: string, owner: FileOwner): Promise<void> {
  try {
    await rm(temporary, { force: true });
    // A file that cannot be read by others from its first byte on: it may hold what its owner keeps to himself.
    const file = await open(temporary, 'wx', 0o600);
    try {
      await fill(file, text, owner);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Makes what was renamed, created or removed in a folder outlast a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function fill(file: FileHandle, text: string, { mode, uid, gid }: FileOwner): Promise<void> {
  await file.writeFile(text);
  const own = await file.stat();
  if (own.uid !== uid || own.gid !== gid) await file.chown(uid, gid);
  // After chown, which takes special bits away.
  await file.chmod(mode);
  await file.sync();
}
