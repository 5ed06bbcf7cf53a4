import { constants } from 'node:fs';
import { access, lstat, readFile, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { namesIn } from './places.ts';
import { systemCodeOf } from './system-fault.ts';

/**
 * Whether a data dir cannot be put in its place as a whole: it is a mount point, also one of the same disk as around it, or a link, its parent may not
 * be written to, or something of somebody else's, or our own quarantine, lies in it. Then only `member` in it is moved: etcd
 * looks at nothing else there, and notes in its log that it ignores the rest. Throws system errors.
 */
export async function hasToStay(dataDir: string): Promise<boolean> {
  const path = resolve(dataDir);
  const parent = dirname(path);
  try {
    const there = await lstat(path);
    const around = await lstat(await realpath(parent));
    if (!there.isDirectory() || there.dev !== around.dev) return true;
  } catch (error) {
    // What is not there can be made where it may be made.
    if (systemCodeOf(error) !== 'ENOENT') throw error;
    return false;
  }
  if ((await namesIn(path)).some((name) => name !== 'member')) return true;
  if ((await mountPoints()).has(await realpath(path))) return true;
  return await access(parent, constants.W_OK).then(
    () => false,
    () => true,
  );
}

/** Of this process's mount namespace; none where the system does not tell. proc_pid_mountinfo(5): the fifth field, with octal escapes. */
async function mountPoints(): Promise<ReadonlySet<string>> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  const points = text.split('\n').flatMap((line) => line.split(' ')[4] ?? []);
  return new Set(
    points.map((point) =>
      point.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8))),
    ),
  );
}
