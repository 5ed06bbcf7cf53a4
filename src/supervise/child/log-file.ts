import { type FileHandle, mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const rotateFromBytes = 64 * 2 ** 20;
const tailBytes = 64 * 2 ** 10;

/** A log file that is open for a process which is about to start. */
export interface OpenedLog {
  readonly handle: FileHandle;
  /** Where the lines of that process will begin. */
  readonly offsetBytes: number;
}

/**
 * Opens the log for appending, readable for its owner only. One that has grown beyond `rotateFrom` bytes is renamed to
 * `….1` before; only here, since a process that runs goes on writing to the file that it was given. Throws the system's error.
 */
export async function openLog(path: string, rotateFrom = rotateFromBytes): Promise<OpenedLog> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const sizeBytes = await sizeOf(path);
  if (sizeBytes > rotateFrom) await rename(path, `${path}.1`);
  const handle = await open(path, 'a', 0o600);
  return { handle, offsetBytes: (await handle.stat()).size };
}

/** The last 64 KiB at most of what was written behind `offsetBytes`; empty where the file cannot be read. */
export async function readTail(path: string, offsetBytes: number): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const from = Math.max(offsetBytes, size - tailBytes);
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(Math.max(0, size - from)), position: from });
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    return '';
  }
}

/** Length of the file, 0 where there is none. */
export async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

/** When something was last written to the file, in ms since the epoch; undefined where there is none. */
export async function lastWrittenMs(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.mtimeMs;
}
