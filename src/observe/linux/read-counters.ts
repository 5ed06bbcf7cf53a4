import { join } from 'node:path';
import type { DeviceCounters } from '../../cluster/sections.ts';
import { type BlockDevice, leavesOf, namesIn } from './block-device.ts';
import { parseDeviceStat, sumOfPaths, withFlushesOf } from './device-counters.ts';
import { readKernelFile } from './kernel-file.ts';

/**
 * The counters of a device since boot, its flushes taken from the disks under it (see `withFlushesOf`).
 *
 * A namespace of a multipath NVMe disk does no accounting of its own before Linux 6.4: all its counters stand at 0 and
 * the hidden devices of its paths (`nvme0c1n1`) have them. Then their sum is taken, for a partition the whole disk's.
 */
export async function readCounters(sysRoot: string, device: BlockDevice): Promise<DeviceCounters | undefined> {
  const own = await readStat(device.sysPath);
  if (own === undefined) return undefined;
  const disks: DeviceCounters[] = [];
  let counters = own;
  for (const leaf of leavesOf(device)) {
    const disk = leaf.name === device.name ? own : await readStat(leaf.sysPath);
    if (disk === undefined) continue;
    const paths = isIdle(disk) ? await readPaths(sysRoot, leaf) : undefined;
    if (paths !== undefined && device.kind !== 'stacked') counters = paths;
    disks.push(paths ?? disk);
  }
  return withFlushesOf(counters, disks);
}

async function readStat(sysPath: string): Promise<DeviceCounters | undefined> {
  return parseDeviceStat(await readKernelFile(join(sysPath, 'stat')));
}

function isIdle({ readsCompleted, writesCompleted }: DeviceCounters): boolean {
  return readsCompleted === 0 && writesCompleted === 0;
}

async function readPaths(sysRoot: string, disk: BlockDevice): Promise<DeviceCounters | undefined> {
  const namespace = /^nvme(\d+)n(\d+)$/.exec(disk.name);
  if (namespace === null) return undefined;
  const [, subsystem, id] = namespace;
  const isPath = new RegExp(`^nvme${subsystem}c\\d+n${id}$`);
  const devices = join(sysRoot, 'class/block');
  const paths: DeviceCounters[] = [];
  for (const name of await namesIn(devices)) {
    const counters = isPath.test(name) ? await readStat(join(devices, name)) : undefined;
    if (counters !== undefined) paths.push(counters);
  }
  return sumOfPaths(paths);
}
