import { join } from 'node:path';
import type { RoleDevice } from '../../cluster/sections.ts';
import {
  type BlockDevice,
  blockDeviceByNode,
  blockDeviceByNumber,
  describeDisk,
  leavesOf,
  namesIn,
} from './block-device.ts';
import type { DirectoryCalls } from './directory-calls.ts';
import type { Mount } from './mount-table.ts';

/** The device under a mount, and what is known of it besides its counters. */
export interface MountDevice {
  /** Absent when the file system stands on no device that can be named, or on several. */
  readonly device?: BlockDevice;
  readonly facts: Pick<RoleDevice, 'disks' | 'model' | 'rotational' | 'unresolved'>;
}

/** File systems that stand on no block device of this machine, and what that means for etcd. */
const WITHOUT_DEVICE: Readonly<Record<string, string>> = {
  tmpfs: 'tmpfs is memory: its contents are lost when the machine stops, so fsync keeps nothing',
  ramfs: 'ramfs is memory: its contents are lost when the machine stops, so fsync keeps nothing',
  overlay:
    "overlay is a container's own layer, and its upper directory is in a mount namespace that the agent cannot name: give etcd a volume",
  zfs: 'the kernel does not tell the devices of a ZFS pool: see `zpool status`',
};

/** What `deviceOfMount` asks. */
export interface DeviceSources {
  readonly sysRoot: string;
  readonly calls: DirectoryCalls;
}

/** The block device under a mount: by its number, or by the node it was mounted from where it has none of its own. */
export async function deviceOfMount(sources: DeviceSources, mount: Mount, signal: AbortSignal): Promise<MountDevice> {
  const { device: number, filesystemType, source } = mount;
  const known = WITHOUT_DEVICE[filesystemType];
  if (known !== undefined) return { facts: { unresolved: known } };
  const { sysRoot } = sources;
  if (!number.startsWith('0:')) {
    const device = await blockDeviceByNumber(sysRoot, number);
    if (device !== undefined) return { device, facts: await factsOf(sources, device, signal) };
    return { facts: { unresolved: `${sysRoot}/dev/block has no device ${number}: mount the host's /sys` } };
  }
  if (!source.startsWith('/dev/')) {
    return { facts: { unresolved: `${filesystemType} from '${source}' stands on no block device of this machine` } };
  }
  const device = await blockDeviceByNode(sysRoot, source);
  if (device === undefined) return { facts: { unresolved: `${sysRoot} has no block device ${source}` } };
  const together = filesystemType === 'btrfs' ? await btrfsDevices(sysRoot, device.name) : [];
  if (together.length <= 1) return { device, facts: await factsOf(sources, device, signal) };
  return {
    facts: { unresolved: `btrfs spreads over ${together.join(', ')}: which of them holds a file is not to be known` },
  };
}

async function factsOf(
  sources: DeviceSources,
  device: BlockDevice,
  signal: AbortSignal,
): Promise<MountDevice['facts']> {
  const disks = new Map<string, BlockDevice>();
  const reasons: string[] = [];
  for (const leaf of leavesOf(device)) {
    const under = leaf.kind === 'loop' ? await disksUnderLoop(sources, leaf, signal) : [leaf];
    if (typeof under === 'string') reasons.push(under);
    else for (const disk of under) disks.set(disk.name, disk);
  }
  const described = await Promise.all([...disks.values()].map(describeDisk));
  const models = [...new Set(described.flatMap(({ model }) => model ?? []))];
  const rotational = described.flatMap((disk) => disk.rotational ?? []);
  return {
    ...(disks.size === 0 ? {} : { disks: [...disks.keys()] }),
    ...(models.length === 0 ? {} : { model: models.join(', ') }),
    ...(rotational.length === 0 ? {} : { rotational: rotational.some(Boolean) }),
    ...(reasons.length === 0 ? {} : { unresolved: reasons.join('; ') }),
  };
}

/** The disks under the file behind a loop device, or a sentence that says why they are not known. */
async function disksUnderLoop(
  { sysRoot, calls }: DeviceSources,
  { name, backingFile = '' }: BlockDevice,
  signal: AbortSignal,
): Promise<readonly BlockDevice[] | string> {
  const file = await calls.stat(backingFile, signal).catch(() => undefined);
  signal.throwIfAborted();
  if (file === undefined) return `${name} stands on the file ${backingFile}, which the agent cannot see`;
  const device = await blockDeviceByNumber(sysRoot, file.device);
  if (device === undefined) return `${name} stands on the file ${backingFile}, whose file system has no block device`;
  const leaves = leavesOf(device);
  const loop = leaves.find((leaf) => leaf.kind === 'loop');
  if (loop !== undefined) return `${name} stands on the file ${backingFile} on another loop device, ${loop.name}`;
  return leaves;
}

/** All devices of the btrfs file system that has this one. */
async function btrfsDevices(sysRoot: string, name: string): Promise<readonly string[]> {
  for (const id of await namesIn(join(sysRoot, 'fs/btrfs'))) {
    const devices = await namesIn(join(sysRoot, 'fs/btrfs', id, 'devices'));
    if (devices.includes(name)) return devices;
  }
  return [];
}
