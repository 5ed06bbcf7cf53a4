import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { untilAborted } from '../abort/until-aborted.ts';
import { faultOf } from '../cluster/agent-error.ts';
import type { DataDirState } from '../cluster/own-member.ts';
import { consistentIndex } from './bolt/buckets.ts';
import { Database } from './bolt/database.ts';
import { walkPages } from './bolt/walk.ts';
import { Damage, Unreadable } from './damage.ts';
import { type DataPlaces, isThere, walDirOf } from './places.ts';
import { systemCodeOf } from './system-fault.ts';
import { walFiles } from './wal/files.ts';
import { ownerOf } from './wal/owner.ts';
import { whereTheLogStands } from './wal/standing.ts';

/** How closely to look. */
export interface InspectOptions {
  /**
   * `quick`: the newest file of the WAL and the head of the database; milliseconds. `full`: the whole WAL with its checksums, and
   * every page that the database refers to: it reads all of both.
   */
  readonly depth: 'quick' | 'full';
}

/** What is read while etcd writes may be half of the old and half of the new: damage counts once it is seen so often at the same place. */
const LOOKS = 3;
const BETWEEN_LOOKS_MS = 60;

/**
 * What a data dir holds, without etcd and also while it runs; nothing is changed. `intact` means that etcd would start with it; a WAL
 * that ends in the middle of a record is, since etcd cuts that off. `corrupt` also where etcd would start and silently forget what
 * was acknowledged: a damaged length of a record looks to it like the end of the log. Never throws for what it finds, only what
 * `signal` was aborted with: that is the way out of a disk that does not answer.
 */
export async function inspectDataDir(
  places: DataPlaces,
  signal: AbortSignal,
  { depth }: InspectOptions,
): Promise<DataDirState> {
  return await untilAborted(lookUntilSure(places, depth, signal), signal);
}

async function lookUntilSure(
  places: DataPlaces,
  depth: InspectOptions['depth'],
  signal: AbortSignal,
): Promise<DataDirState> {
  let before: string | undefined;
  for (let looks = 1, same = 1; ; looks += 1) {
    const found = await look(places, depth, signal);
    if (found.state !== 'corrupt') return found;
    same = found.problem === before ? same + 1 : 1;
    if (same === LOOKS) return found;
    // Damage stays where it is; what is somewhere else each time is etcd at work.
    if (looks === 4 * LOOKS)
      return { state: 'unreadable', problem: `It changes while it is looked at: ${found.problem}` };
    before = found.problem;
    await sleep(BETWEEN_LOOKS_MS, undefined, { signal });
  }
}

async function look(places: DataPlaces, depth: InspectOptions['depth'], signal: AbortSignal): Promise<DataDirState> {
  let owner: Awaited<ReturnType<typeof ownerOf>>;
  try {
    const snapDir = join(places.dataDir, 'member', 'snap');
    // The database first: what was applied stood in the WAL before.
    const applied = await lookAtDatabase(join(snapDir, 'db'), depth, signal);
    const files = await walFiles(walDirOf(places));
    const newest = files.at(-1);
    if (newest === undefined) return withoutWal(applied);
    owner = await ownerOf(newest.path);
    if (applied === undefined) throw new Damage('layout', 'there is a WAL, and no database beside it');
    if (applied instanceof Damage) throw applied;
    const appliedNow = async (): Promise<bigint> => {
      const again = await lookAtDatabase(join(snapDir, 'db'), 'quick', signal);
      return typeof again === 'bigint' ? again : applied;
    };
    const standing = await whereTheLogStands({ files, snapDir, depth, applied, appliedNow }, signal);
    return { state: 'intact', ...standing };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Damage) {
      return { state: 'corrupt', part: error.part, problem: sentence(error.message), ...owner };
    }
    const { message } = faultOf(error);
    // A file that went while it was looked for is etcd's doing, and not there any more when it is looked for again.
    if (systemCodeOf(error) === 'ENOENT')
      return { state: 'corrupt', part: 'layout', problem: sentence(message), ...owner };
    if (error instanceof Unreadable || systemCodeOf(error) !== undefined) {
      return { state: 'unreadable', problem: sentence(message) };
    }
    throw error;
  }
}

/** Index of the last change in the database; undefined where there is none. Its damage is given, since the WAL says whose it is. */
async function lookAtDatabase(
  path: string,
  depth: InspectOptions['depth'],
  signal: AbortSignal,
): Promise<bigint | Damage | undefined> {
  if (!(await isThere(path))) return undefined;
  for (let looks = 1; ; looks += 1) {
    try {
      await using database = await Database.open(path);
      try {
        const applied = await consistentIndex(database);
        if (depth === 'full') await walkPages(database, signal);
        return applied;
      } catch (error) {
        // Etcd uses pages of a transaction again two transactions later: what was read is of several, and says nothing.
        if (!(error instanceof Damage) || (await database.isUnchanged())) throw error;
        if (looks === LOOKS) return 0n;
      }
    } catch (error) {
      if (error instanceof Damage) return error;
      throw error;
    }
  }
}

/** Etcd makes the database first and the WAL behind it, all at once: where it did not come to that, the member has never been one. */
function withoutWal(applied: bigint | Damage | undefined): DataDirState {
  if (applied === undefined || applied === 0n) return { state: 'empty' };
  const problem =
    applied instanceof Damage
      ? `There is no WAL beside the database, and ${applied.message}.`
      : `There is no WAL beside the database, which holds changes up to raft index ${applied}.`;
  return { state: 'corrupt', part: 'layout', problem };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
