import { createHash } from 'node:crypto';
import { lstat, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** What the name of a drill's folder begins with. */
export const DRILL_FOLDER = 'drill-';
/** What that of the scratch etcd's begins with: sockets lie there, and perhaps the key of its root. */
export const SCRATCH_FOLDER = 'caretaker-scratch-';

/**
 * Makes a folder that only this user can read, with a name that says whose it is: of which machine and which process of it. So what
 * a process that was killed has left can be told from what is in use. Throws the system's error.
 * @param prefix its name begins with it
 */
export async function makeOwnedFolder(parent: string, prefix: string): Promise<string> {
  const { pid } = process;
  return await mkdtemp(join(parent, `${prefix}${machine()}-${pid}-${(await startOf(pid)) ?? '0'}-`));
}

/**
 * Removes those folders below `parent` whose process has died; says which. Those of another machine that shares the disk stay, and
 * those of another user: nobody here knows whether they are in use. What cannot be removed stays too, for the next time.
 */
export async function sweepOwnedFolders(parent: string, prefix: string): Promise<readonly string[]> {
  const swept: string[] = [];
  for (const entry of await readdir(parent, { withFileTypes: true }).catch(() => [])) {
    if (!entry.isDirectory() || !entry.name.startsWith(prefix)) continue;
    const match = /^([0-9a-f]{6})-(\d+)-([0-9a-z]+)-[^-]+$/.exec(entry.name.slice(prefix.length));
    if (match === null) continue;
    const [, owner, pid, start = ''] = match;
    if (owner !== machine() || (await isRunning(Number(pid), start))) continue;
    const folder = join(parent, entry.name);
    try {
      if ((await lstat(folder)).uid !== process.getuid?.()) continue;
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      swept.push(folder);
    } catch {
      // Whoever looks next tries again.
    }
  }
  return swept;
}

/** Short: the path of a socket below such a folder may have about a hundred characters. */
function machine(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 6);
}

async function isRunning(pid: number, start: string): Promise<boolean> {
  const now = await startOf(pid);
  if (now !== undefined) return now === start;
  // Without a start, where there is no /proc, a number that is in use again counts as running.
  if (start !== '0') return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** When a process began, as the kernel counts; undefined where it has ended. Numbers of processes are used again, with another start. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  // Behind the name, which may hold anything: the state, and the start as the 20th.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  const [state] = fields;
  const start = fields[19];
  return start === undefined || state === 'Z' || state === 'X' ? undefined : Number(start).toString(36);
}
