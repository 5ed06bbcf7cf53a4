import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { piecesOf } from '../pieces.ts';
import { systemCodeOf } from './errors.ts';

/** What a file that is being written is called: hidden, and never a key. */
const temporaryName = /^\..+\.[0-9a-f]{12}\.part$/;

/** Whether a file is one that is being written, or that a writer who died has left behind. */
export function isTemporary(name: string): boolean {
  return temporaryName.test(name);
}

/**
 * Makes a folder and those above it (0700), and makes their names durable. Gives back at once where it is there. Unlike a
 * recursive `mkdir` it says what is wrong: that one says ENOENT where the file system is read-only.
 */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return;
    if (code === 'EEXIST') throw Object.assign(new Error(`${folder} is a file`), { code: 'ENOTDIR', syscall: 'mkdir' });
    if (code !== 'ENOENT') throw error;
    await makeFolder(dirname(folder));
    await makeFolder(folder);
    return;
  }
  // The new name stands in the folder above it.
  await syncFolder(dirname(folder));
}

/** Makes the names in a folder durable: without it a file can be gone after a power cut although its content was synced. */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  await handle.sync();
}

/**
 * Writes a whole file or none (0600): beside its place under another name, synced, then put in its place in one step, which
 * is made durable too. Where it fails or is aborted nothing of it stays, as long as this process lives.
 * @param writing gets the temporary path while it is in use
 */
export async function writeDurably(
  path: string,
  body: Buffer | AsyncIterable<Buffer>,
  { ifAbsent, writing }: { readonly ifAbsent: boolean; readonly writing: Set<string> },
  signal: AbortSignal | undefined,
): Promise<number> {
  const folder = dirname(path);
  await makeFolder(folder);
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}.part`);
  writing.add(temporary);
  try {
    const bytes = await writeNew(temporary, body, signal);
    signal?.throwIfAborted();
    if (ifAbsent) await linkInto(temporary, path);
    else await rename(temporary, path);
    await syncFolder(folder);
    return bytes;
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  } finally {
    writing.delete(temporary);
  }
}

async function writeNew(
  path: string,
  body: Buffer | AsyncIterable<Buffer>,
  signal: AbortSignal | undefined,
): Promise<number> {
  await using file = await open(path, 'wx', 0o600);
  let bytes = 0;
  for await (const piece of piecesOf(body, signal)) {
    await writeAll(file, piece);
    bytes += piece.length;
  }
  await file.sync();
  return bytes;
}

async function writeAll(file: FileHandle, piece: Buffer): Promise<void> {
  for (let offset = 0; offset < piece.length; ) {
    const { bytesWritten } = await file.write(piece, offset);
    offset += bytesWritten;
  }
}

/** Unlike a rename, a link never replaces: it fails with EEXIST. */
async function linkInto(temporary: string, path: string): Promise<void> {
  await link(temporary, path).catch((error: unknown) => {
    // A file system without hard links says EPERM.
    if (systemCodeOf(error) !== 'EPERM') throw error;
    throw Object.assign(new Error('no hard links', { cause: error }), { code: 'ENOTSUP', syscall: 'link' });
  });
  await unlink(temporary);
}
