import { join } from 'node:path';
import { readIfPossible } from './kernel-file.ts';
import { parseMountTable } from './mount-table.ts';

/** A control group of a process, where the agent can read it. */
export interface ControlGroup {
  readonly version: 1 | 2;
  /** As the kernel names it: `/system.slice/etcd.service`. */
  readonly name: string;
  readonly directory: string;
}

/** The groups that limit a process' CPU and memory; one that is the root of its hierarchy limits nothing, and is left out. */
export interface ControlGroups {
  readonly cpu?: ControlGroup;
  readonly memory?: ControlGroup;
}

/** The groups of a process, from `/proc/PID/cgroup` and the mounts (cgroups(7)); in version 2 one group is both. */
export async function controlGroups(procRoot: string, pid: number): Promise<ControlGroups> {
  const [own = '', mountinfo = ''] = await Promise.all([
    readIfPossible(join(procRoot, String(pid), 'cgroup')),
    readIfPossible(join(procRoot, 'self/mountinfo')),
  ]);
  const mounts = parseMountTable(mountinfo);
  const lines = own.split('\n').flatMap((line) => {
    const [, controllers, name] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    return controllers === undefined || name === undefined ? [] : [{ controllers: controllers.split(','), name }];
  });
  const find = (controller: 'cpu' | 'memory'): ControlGroup | undefined => {
    const first = lines.find(({ controllers }) => controllers.includes(controller));
    const line = first ?? lines.find(({ controllers }) => controllers[0] === '');
    if (line === undefined || line.name === '/' || line.name.startsWith('/..')) return undefined;
    const version = first === undefined ? 2 : 1;
    // A hierarchy of version 1 is mounted under the names of its controllers: `cpu,cpuacct`.
    const mount = mounts.findLast(({ filesystemType, mountPoint }) =>
      version === 2
        ? filesystemType === 'cgroup2'
        : filesystemType === 'cgroup' && (mountPoint.split('/').at(-1) ?? '').split(',').includes(controller),
    );
    if (mount === undefined) return undefined;
    const below =
      mount.root === '/' || !line.name.startsWith(mount.root) ? line.name : line.name.slice(mount.root.length);
    return { version, name: line.name, directory: join(mount.mountPoint, below) };
  };
  const [cpu, memory] = [find('cpu'), find('memory')];
  return { ...(cpu === undefined ? {} : { cpu }), ...(memory === undefined ? {} : { memory }) };
}

/** The group of a process as people know it, for naming it: that of version 2, else that of systemd; undefined for the root. */
export function groupName(cgroupFile: string): string | undefined {
  const found = /^0::(\/.+)$/m.exec(cgroupFile)?.[1] ?? /^\d+:(?:name=systemd|memory):(\/.+)$/m.exec(cgroupFile)?.[1];
  return found === '/' ? undefined : found;
}
