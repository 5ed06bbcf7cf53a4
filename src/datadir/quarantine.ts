import { constants } from 'node:fs';
import { chmod, chown, lstat, mkdir, open, rename, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AgentError, faultOf } from '../cluster/agent-error.ts';
import { folderSize } from './folder-size.ts';
import { inspectDataDir } from './inspect.ts';
import { type DataPlaces, isThere, namesIn, outerWalDir } from './places.ts';
import { namedFolders } from './quarantine-list.ts';
import { isReason, quarantinePath, RECORD_FILE, stampOf } from './quarantine-names.ts';
import { systemCodeOf } from './system-fault.ts';

/** What came of putting data into quarantine. */
export interface Quarantined {
  /** Where they are now: one folder, or two where the WAL was apart. */
  readonly paths: readonly string[];
  readonly bytes: number;
  /** Why the record could not be written into them, a sentence each: what was moved stays moved. */
  readonly unrecorded: readonly string[];
}

/** Said of a folder that cannot be renamed where it is: it is a mount point, or its parent may not be written to. */
const HAS_TO_STAY: ReadonlySet<string> = new Set(['EBUSY', 'EXDEV', 'EACCES', 'EPERM', 'EROFS', 'EINVAL']);
const SECOND_MS = 1000;

/**
 * Moves the data of a member that is stopped out of the way, by rename alone: to `<dataDir>.quarantine-<UTC time>-<reason>` beside it, or
 * into `quarantine-<UTC time>-<reason>` inside it where the folder itself has to stay (a mount point, a link, something of
 * somebody else's in it). The folder of a WAL that is elsewhere goes as a whole, under the same name. Nothing is copied or deleted, so that a full
 * disk does not matter. Undefined where there is nothing to move; so it may be called again after it was cut off.
 *
 * Throws `QUARANTINE_REASON` where the reason is no word of small letters, digits and dashes, and `QUARANTINE_FAILED` where the data are
 * still where they were.
 *
 * @param nowMs wall clock, for the name
 */
export async function quarantine(
  places: DataPlaces,
  reason: string,
  nowMs: number,
  signal: AbortSignal,
): Promise<Quarantined | undefined> {
  if (!isReason(reason)) {
    throw new AgentError('QUARANTINE_REASON', `"${reason}" cannot be a part of a folder's name.`, {
      remedy: 'Use small letters, digits and dashes.',
    });
  }
  await recordQuarantine(places, signal);
  const state = await inspectDataDir(places, signal, { depth: 'quick' });
  const owner = 'memberId' in state ? { clusterId: state.clusterId, memberId: state.memberId } : {};
  const walDir = outerWalDir(places);
  // The WAL first: a database without it is started by nobody.
  const folders = [...(walDir === undefined ? [] : [walDir]), places.dataDir];
  const stamp = await freeStamp(folders, reason, nowMs);
  const moved: { readonly path: string; readonly bytes: number; readonly unrecorded: readonly string[] }[] = [];
  for (const folder of folders) {
    const path = await moveAway(folder, stamp, folder === walDir);
    if (path === undefined) continue;
    const { bytes } = await folderSize(path, signal);
    const record = { format: 1, reason, at: new Date(nowMs).toISOString(), from: folder, bytes, ...owner };
    moved.push({ path, bytes, unrecorded: await writeRecord(path, record) });
  }
  if (moved.length === 0) return undefined;
  return {
    paths: moved.map(({ path }) => path),
    bytes: moved.reduce((sum, { bytes }) => sum + bytes, 0),
    unrecorded: moved.flatMap(({ unrecorded }) => unrecorded),
  };
}

/**
 * Writes the record into folders in quarantine that have none, as where an agent died between the rename and the record, or a recovery has moved them:
 * nobody would ever release them. Throws system errors.
 */
export async function recordQuarantine(places: DataPlaces, signal: AbortSignal): Promise<void> {
  for (const { path, reason, atMs } of await namedFolders(places)) {
    if (await isThere(join(path, RECORD_FILE))) continue;
    const { bytes } = await folderSize(path, signal);
    await writeRecord(path, { format: 1, reason, at: new Date(atMs).toISOString(), bytes });
  }
}

/** A name that nothing has yet: two within a second are a second apart. */
async function freeStamp(folders: readonly string[], reason: string, nowMs: number): Promise<string> {
  for (let atMs = nowMs; ; atMs += SECOND_MS) {
    const stamp = stampOf(atMs, reason);
    const taken = await Promise.all(
      folders.flatMap((folder) => [
        isThere(quarantinePath(folder, stamp, 'beside')),
        isThere(quarantinePath(folder, stamp, 'inside')),
      ]),
    );
    if (!taken.includes(true)) return stamp;
  }
}

/** Gives where it went; undefined where there was nothing to move. */
async function moveAway(folder: string, stamp: string, isWal: boolean): Promise<string | undefined> {
  try {
    const names = await namesIn(folder);
    const own = names.filter((name) => (isWal ? isOfWal(name) : name === 'member'));
    if (own.length === 0) return undefined;
    const beside = quarantinePath(folder, stamp, 'beside');
    if (isWal) {
      // As a whole or not at all: before etcd begins a WAL it removes everything that lies in its folder.
      if (await renameUnlessStuck(folder, beside)) return beside;
      throw new Error(
        'a folder with a WAL has to be renamed as a whole, and this one cannot be (is it a mount point?)',
      );
    }
    const isPure = names.length === own.length && (await lstat(folder)).isDirectory();
    const { uid, gid, mode } = await lstat(folder);
    if (isPure && (await renameUnlessStuck(folder, beside))) {
      if (uid !== process.getuid?.()) await makeFor({ uid, gid, mode }, folder);
      return beside;
    }
    const inside = quarantinePath(folder, stamp, 'inside');
    await mkdir(inside, { mode: 0o700 });
    for (const name of own) await rename(join(folder, name), join(inside, name));
    await syncFolder(inside);
    await syncFolder(folder);
    return inside;
  } catch (error) {
    throw new AgentError(
      'QUARANTINE_FAILED',
      `${folder} could not be put into quarantine: ${faultOf(error).message}.`,
      {
        remedy: 'Look at the rights of this folder and of the one above it, and at the disk; nothing was lost.',
        cause: error,
      },
    );
  }
}

/** Files of a WAL, also those that etcd has set aside or prepared. */
function isOfWal(name: string): boolean {
  return /\.(wal|wal\.broken|tmp)$/.test(name);
}

/** Etcd that runs as somebody else could not make its folder anew, where the one around it is not its own. What fails here, etcd says. */
async function makeFor(
  { uid, gid, mode }: { readonly uid: number; readonly gid: number; readonly mode: number },
  folder: string,
): Promise<void> {
  try {
    await mkdir(folder);
    await chmod(folder, mode & 0o777);
    await chown(folder, uid, gid);
  } catch {
    await rmdir(folder).catch(() => undefined);
  }
}

/** False where the folder cannot be renamed at all. */
async function renameUnlessStuck(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
  } catch (error) {
    if (HAS_TO_STAY.has(systemCodeOf(error) ?? '')) return false;
    throw error;
  }
  await syncFolder(dirname(to));
  return true;
}

/** On a full disk a file can still be made, and nothing be written into it: also an empty record says that the folder is ours. */
async function writeRecord(folder: string, record: object): Promise<readonly string[]> {
  try {
    await writeFile(join(folder, RECORD_FILE), `${JSON.stringify(record, undefined, 2)}\n`, {
      mode: 0o600,
      flush: true,
    });
    return [];
  } catch (error) {
    return [`The record in ${folder} could not be written: ${faultOf(error).message}.`];
  }
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  await handle.sync();
}
