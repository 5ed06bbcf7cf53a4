import { join } from 'node:path';
import { readIfPossible } from './kernel-file.ts';
import { parseMountTable } from './mount-table.ts';

/**
 * The path of a process in the cgroup v2 hierarchy, from `/proc/PID/cgroup` (cgroups(7)), as the reader's cgroup
 * namespace sees it: it begins with `/..` where it lies outside. Undefined where there is only cgroup v1.
 */
function parseCgroupPath(text: string): string | undefined {
  return /^0::(\/.*)$/m.exec(text)?.[1];
}

/** The directory of a process' cgroup, or a sentence that says why it has none with pressure of its own. */
export async function cgroupDirectory(
  procRoot: string,
  pid: number,
): Promise<{ readonly directory: string } | { readonly unresolved: string }> {
  const path = parseCgroupPath((await readIfPossible(join(procRoot, String(pid), 'cgroup'))) ?? '');
  if (path === undefined) return { unresolved: 'etcd is in no cgroup v2, and cgroup v1 has no pressure' };
  const mounts = parseMountTable((await readIfPossible(join(procRoot, 'self/mountinfo'))) ?? '');
  const mount = mounts.findLast(({ filesystemType }) => filesystemType === 'cgroup2');
  if (mount === undefined) return { unresolved: 'cgroup v2 is not mounted where the agent can see it' };
  if (path.startsWith('/..')) {
    return { unresolved: "etcd's cgroup lies outside the agent's cgroup namespace: run the agent in the host's" };
  }
  const below = mount.root === '/' ? path : path.slice(path.startsWith(mount.root) ? mount.root.length : 0);
  const directory = join(mount.mountPoint, below);
  // Every cgroup but the root of the hierarchy has this file; the root's pressure is the system's.
  if ((await readIfPossible(join(directory, 'cgroup.events'))) === undefined) {
    const root = path === '/' ? 'etcd is in the root cgroup, whose pressure is the system' : undefined;
    return { unresolved: root ?? `the agent cannot see the cgroup ${path}` };
  }
  return { directory };
}
