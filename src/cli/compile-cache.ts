import { mkdirSync, statSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

/** Group and others may write: whoever can put code into the cache has it run as us. */
const WRITABLE_BY_OTHERS = 0o022;
const OWNER_ONLY = 0o700;

/**
 * Has Node keep the compiled code of the program, so that the next start is faster: in a folder of the user's own below `XDG_CACHE_HOME`
 * (default: `~/.cache`). `NODE_COMPILE_CACHE` and `NODE_DISABLE_COMPILE_CACHE` hold as everywhere. Where no private folder can be had
 * (a home that is read-only, or that of another user, as under sudo) there is none. Never throws.
 */
export function useCompileCache(env: NodeJS.ProcessEnv): void {
  if (env['NODE_COMPILE_CACHE'] !== undefined) return;
  const folder = cacheFolder(env, process.geteuid?.());
  if (folder !== undefined) enableCompileCache(folder);
}

/** The folder, which is made where it is missing; undefined where it would not be private. @param uid whose it has to be */
export function cacheFolder({ XDG_CACHE_HOME: named }: NodeJS.ProcessEnv, uid: number | undefined): string | undefined {
  try {
    // The specification says that a relative path is to be ignored.
    const base = named !== undefined && isAbsolute(named) ? named : join(homedir(), '.cache');
    // Before anything is made: root has nothing to leave in the home of somebody else.
    if (!isPrivate(statSync(base, { throwIfNoEntry: false }) === undefined ? dirname(base) : base, uid))
      return undefined;
    const folder = join(base, 'etcd-caretaker');
    // One after the other: where a file system says ENOENT to a new folder, as /proc does, Node's `recursive` never ends.
    for (const each of [base, folder]) makeFolder(each);
    return isPrivate(base, uid) && isPrivate(folder, uid) ? folder : undefined;
  } catch {
    return undefined;
  }
}

function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) mkdirSync(path, { mode: OWNER_ONLY });
}

function isPrivate(path: string, owner: number | undefined): boolean {
  const { uid, mode } = statSync(path);
  return uid === owner && (mode & WRITABLE_BY_OTHERS) === 0;
}
