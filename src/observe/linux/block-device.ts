import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readIfPossible } from './kernel-file.ts';

/** A block device as sysfs shows it, with what it stands on. */
export interface BlockDevice {
  /** Kernel name: `nvme0n1p2`, `dm-0`, `md127`, `loop3`. */
  readonly name: string;
  /** Its directory in sysfs, without symbolic links. */
  readonly sysPath: string;
  /** `stacked`: device-mapper (LVM, dm-crypt, multipath), md, bcache. */
  readonly kind: 'disk' | 'partition' | 'stacked' | 'loop';
  /** The disk of a partition, the devices under a stacked one; empty for a disk. */
  readonly below: readonly BlockDevice[];
  /** The file behind a loop device, as whoever set it up named it. */
  readonly backingFile?: string;
}

/** No real stack is deeper: partition, md, dm-crypt, LVM. Sysfs has no cycles; a broken tree must not make one. */
const MAX_DEPTH = 16;

/** The device of a number `major:minor`, undefined when sysfs does not have it. */
export async function blockDeviceByNumber(sysRoot: string, number: string): Promise<BlockDevice | undefined> {
  return await blockDeviceAt(join(sysRoot, 'dev/block', number), 0);
}

/**
 * The device of a node in /dev, by name and not by asking /dev, which a container may not have. Device-mapper's nodes
 * (`/dev/mapper/vg-lv`) carry the name that sysfs has in `dm/name`.
 */
export async function blockDeviceByNode(sysRoot: string, node: string): Promise<BlockDevice | undefined> {
  const devices = join(sysRoot, 'class/block');
  if (!node.startsWith('/dev/mapper/')) return await blockDeviceAt(join(devices, basename(node)), 0);
  for (const name of await namesIn(devices)) {
    if (!name.startsWith('dm-')) continue;
    const path = join(devices, name);
    if ((await readIfPossible(join(path, 'dm/name'))) === basename(node)) return await blockDeviceAt(path, 0);
  }
  return undefined;
}

/** The disks and loop devices that a device comes down to, each once. */
export function leavesOf(device: BlockDevice): readonly BlockDevice[] {
  if (device.below.length === 0) return [device];
  const leaves = new Map<string, BlockDevice>();
  for (const leaf of device.below.flatMap(leavesOf)) leaves.set(leaf.name, leaf);
  return [...leaves.values()];
}

/** What a whole disk says of itself; both may be missing (virtio disks have no model). */
export async function describeDisk(disk: BlockDevice): Promise<{ model?: string; rotational?: boolean }> {
  const model = await readIfPossible(join(disk.sysPath, 'device/model'));
  const rotational = await readIfPossible(join(disk.sysPath, 'queue/rotational'));
  return {
    ...(model === undefined || model === '' ? {} : { model }),
    ...(rotational === undefined ? {} : { rotational: rotational === '1' }),
  };
}

/** The names in a directory, sorted; none when there is no such directory. */
export async function namesIn(directory: string): Promise<readonly string[]> {
  return (await readdir(directory).catch(() => [])).toSorted();
}

async function blockDeviceAt(link: string, depth: number): Promise<BlockDevice | undefined> {
  const sysPath = await realpath(link).catch(() => undefined);
  if (sysPath === undefined || depth > MAX_DEPTH) return undefined;
  const name = basename(sysPath);
  if ((await readIfPossible(join(sysPath, 'partition'))) !== undefined) {
    const disk = await blockDeviceAt(dirname(sysPath), depth + 1);
    return disk === undefined ? undefined : { name, sysPath, kind: 'partition', below: [disk] };
  }
  const backingFile = await readIfPossible(join(sysPath, 'loop/backing_file'));
  if (backingFile !== undefined) return { name, sysPath, kind: 'loop', below: [], backingFile };
  const slaves = await namesIn(join(sysPath, 'slaves'));
  const below: BlockDevice[] = [];
  for (const slave of slaves) {
    const device = await blockDeviceAt(join(sysPath, 'slaves', slave), depth + 1);
    if (device !== undefined) below.push(device);
  }
  return { name, sysPath, kind: below.length === 0 ? 'disk' : 'stacked', below };
}
