import { AgentError } from '../cluster/agent-error.ts';
import type { DiskRole, RoleDevice } from '../cluster/sections.ts';
import type { Collector } from './collector.ts';
import type { DirectoryCalls } from './linux/directory-calls.ts';
import { type KernelRoots, kernelRoots } from './linux/kernel-file.ts';
import { isLocated, type MemberDirectories, type RoleDirectory } from './linux/member-directories.ts';
import { readCounters } from './linux/read-counters.ts';
import { deviceOfMount, type MountDevice } from './linux/role-device.ts';

/** What the collector is given. */
export interface DiskCollectorOptions extends KernelRoots {
  readonly directories: MemberDirectories;
  readonly calls: DirectoryCalls;
}

/**
 * Counters of exactly the device under the WAL and the data dir. The device is looked up once and again when its
 * directory has moved to another; a round then reads two small files of sysfs a role. A role whose device is not to be
 * known has a sentence that says why. Throws an AgentError `DISK_UNRESOLVED` when that is so of every role.
 */
export function diskCollector(options: DiskCollectorOptions): Collector<'disk'> {
  const { sysRoot } = kernelRoots(options);
  const known = new Map<DiskRole, { readonly mount: RoleDirectory['mount']; readonly found: MountDevice }>();

  async function deviceOf({ role, mount }: RoleDirectory, signal: AbortSignal): Promise<MountDevice> {
    const before = known.get(role);
    if (before?.mount === mount) return before.found;
    const found = await deviceOfMount({ sysRoot, calls: options.calls }, mount, signal);
    known.set(role, { mount, found });
    return found;
  }

  async function read(directory: RoleDirectory, signal: AbortSignal): Promise<RoleDevice> {
    const { role, path, mount, hanging } = directory;
    const { device, facts } = await deviceOf(directory, signal);
    const counters = device === undefined ? undefined : await readCounters(sysRoot, device).catch(() => undefined);
    // A disk that was pulled out: sysfs no longer has it, and the next round looks it up again.
    if (device !== undefined && counters === undefined) known.delete(role);
    const unresolved = [hanging, facts.unresolved].filter((reason) => reason !== undefined).join('; ');
    return {
      role,
      path,
      filesystemType: mount.filesystemType,
      mountPoint: mount.mountPoint,
      ...(device === undefined ? {} : { device: device.name }),
      ...facts,
      ...(counters === undefined ? {} : { counters }),
      ...(unresolved === '' ? {} : { unresolved }),
    };
  }

  return {
    name: 'disk',
    collect: async ({ signal }) => {
      const located = await options.directories.locate(signal);
      const devices = await Promise.all(
        located.map((directory) => (isLocated(directory) ? read(directory, signal) : directory)),
      );
      if (located.some(isLocated)) return { devices };
      const reasons = new Set(located.flatMap((directory) => ('unresolved' in directory ? directory.unresolved : [])));
      throw new AgentError('DISK_UNRESOLVED', [...reasons].join('; '), {
        remedy: 'set member.dataDir to the data dir as the agent sees it',
      });
    },
  };
}
