import type { DeviceCounters } from '../../cluster/sections.ts';

/** The kernel counts in sectors of this size, whatever the device's own is. */
const SECTOR_BYTES = 512;

/**
 * The counters in a `stat` file of sysfs (Documentation/block/stat.rst): 11 fields, 15 since Linux 4.18 (discards), 17
 * since 5.5 (flushes). Undefined when there are fewer, or something that is no number.
 */
export function parseDeviceStat(text: string): DeviceCounters | undefined {
  const fields = text.trim().split(/\s+/).map(Number);
  if (fields.length < 11 || !fields.every((field) => Number.isFinite(field))) return undefined;
  const at = (index: number): number => fields[index] ?? 0;
  return {
    readsCompleted: at(0),
    readBytes: at(2) * SECTOR_BYTES,
    readTimeSeconds: at(3) / 1000,
    writesCompleted: at(4),
    writtenBytes: at(6) * SECTOR_BYTES,
    writeTimeSeconds: at(7) / 1000,
    ioNow: at(8),
    ioTimeSeconds: at(9) / 1000,
    ...(fields.length < 17 ? {} : { flushesCompleted: at(15), flushTimeSeconds: at(16) / 1000 }),
  };
}

/**
 * The counters of a device with the flushes of the disks under it. The kernel counts a flush where it is executed, on
 * the whole disk, and neither for a partition nor for what device-mapper or md put on top: there it stands at 0.
 */
export function withFlushesOf(device: DeviceCounters, disks: readonly DeviceCounters[]): DeviceCounters {
  const { flushesCompleted: _, flushTimeSeconds: __, ...counters } = device;
  if (disks.length === 0 || disks.some((disk) => disk.flushesCompleted === undefined)) return counters;
  return {
    ...counters,
    flushesCompleted: disks.reduce((sum, disk) => sum + (disk.flushesCompleted ?? 0), 0),
    flushTimeSeconds: disks.reduce((sum, disk) => sum + (disk.flushTimeSeconds ?? 0), 0),
  };
}

/** The sum of several paths to one disk; undefined when there is none. */
export function sumOfPaths(paths: readonly DeviceCounters[]): DeviceCounters | undefined {
  const [first, ...others] = paths;
  if (first === undefined) return undefined;
  const total: { -readonly [K in keyof DeviceCounters]: DeviceCounters[K] } = { ...first };
  for (const path of others) {
    for (const key of Object.keys(first) as (keyof DeviceCounters)[]) total[key] = (total[key] ?? 0) + (path[key] ?? 0);
  }
  return total;
}
