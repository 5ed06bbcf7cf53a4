import { lstat, readdir, readFile, rm, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentError, faultOf } from '../cluster/agent-error.ts';
import type { OwnMemberView } from '../cluster/own-member.ts';
import { folderSize } from './folder-size.ts';
import { type DataPlaces, namesIn } from './places.ts';
import { parseStamp, quarantineParents, RECORD_FILE } from './quarantine-names.ts';
import { systemCodeOf } from './system-fault.ts';

/** One folder in quarantine, as an agent tells of it. */
export type QuarantinedFolder = OwnMemberView['quarantine'][number];

/** When data in quarantine may go. */
export interface ReleaseOptions {
  /** Wall clock. */
  readonly nowMs: number;
  readonly keepMs: number;
  /** For how long the folder at this path has been seen, by a monotonic clock: a wall clock may be wrong at a start, and jump. */
  readonly seenMs: (path: string) => number;
  /** So many bytes are short on the disk: the oldest go, however young they are, until that many have gone. 0: none are. */
  readonly shortBytes: number;
}

/**
 * What is in quarantine, the oldest first. Only folders count that have our name and our record in them; one without a record is left
 * for a person. Throws system errors where the folders above cannot be read.
 */
export async function listQuarantine(places: DataPlaces, signal: AbortSignal): Promise<readonly QuarantinedFolder[]> {
  const found: QuarantinedFolder[] = [];
  for (const named of await namedFolders(places)) {
    if (!(await isOurs(named.path))) continue;
    const bytes = (await recordedBytes(named.path)) ?? (await folderSize(named.path, signal)).bytes;
    found.push({ ...named, bytes });
  }
  return found.toSorted((a, b) => a.atMs - b.atMs || (a.path < b.path ? -1 : 1));
}

/** Folders that have a name as we give it, with a record or without one; never links. */
export async function namedFolders(places: DataPlaces): Promise<readonly Omit<QuarantinedFolder, 'bytes'>[]> {
  const found: Omit<QuarantinedFolder, 'bytes'>[] = [];
  for (const { parent, prefix } of quarantineParents(places)) {
    for (const name of await namesIn(parent)) {
      const named = name.startsWith(prefix) ? parseStamp(name.slice(prefix.length)) : undefined;
      const path = join(parent, name);
      if (named !== undefined && (await lstat(path)).isDirectory()) found.push({ path, ...named });
    }
  }
  return found;
}

/** What a recovery has put aside may be the only copy of what is missing afterwards: no full disk makes it go earlier; age does, as with all else. */
const RECOVERED = 'recover';

/** Which of them may go now. Pure. @param folders the oldest first */
function releasable(
  folders: readonly QuarantinedFolder[],
  { nowMs, keepMs, seenMs, shortBytes }: ReleaseOptions,
): readonly QuarantinedFolder[] {
  let gone = 0;
  return folders.filter(({ path, atMs, bytes, reason }) => {
    const isOld = atMs + keepMs <= nowMs && seenMs(path) >= keepMs;
    const goes = isOld || (reason !== RECOVERED && gone < shortBytes);
    if (goes) gone += bytes;
    return goes;
  });
}

/**
 * Deletes what has been in quarantine for long enough, or what the disk needs: the only place where an agent ever deletes data. It
 * does not follow links, and leaves a folder alone in which something is mounted. The record goes last, so that one which was cut off
 * goes on the next time. Gives what went. Throws `QUARANTINE_NOT_RELEASED` where a folder could not be deleted.
 */
export async function releaseQuarantine(
  places: DataPlaces,
  options: ReleaseOptions,
  signal: AbortSignal,
): Promise<readonly QuarantinedFolder[]> {
  const released: QuarantinedFolder[] = [];
  for (const folder of releasable(await listQuarantine(places, signal), options)) {
    if ((await folderSize(folder.path, signal)).hasMounts) continue;
    try {
      await remove(folder.path, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw new AgentError(
        'QUARANTINE_NOT_RELEASED',
        `${folder.path} could not be deleted: ${faultOf(error).message}.`,
        { remedy: 'Look at the rights of this folder and at the disk; it is tried again.', cause: error },
      );
    }
    released.push(folder);
  }
  return released;
}

async function remove(path: string, signal: AbortSignal): Promise<void> {
  for (const name of await readdir(path)) {
    signal.throwIfAborted();
    if (name !== RECORD_FILE) await rm(join(path, name), { recursive: true, force: true });
  }
  await unlink(join(path, RECORD_FILE));
  await rmdir(path);
}

/** Whether a folder has a record that is a file. */
async function isOurs(path: string): Promise<boolean> {
  try {
    return (await lstat(join(path, RECORD_FILE))).isFile();
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Undefined where the record could not be written whole. */
async function recordedBytes(path: string): Promise<number | undefined> {
  try {
    const record: unknown = JSON.parse(await readFile(join(path, RECORD_FILE), 'utf8'));
    if (typeof record !== 'object' || record === null || !('bytes' in record)) return undefined;
    return typeof record.bytes === 'number' && record.bytes >= 0 ? record.bytes : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
