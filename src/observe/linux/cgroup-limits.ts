import { join } from 'node:path';
import type { LimitsSection } from '../../cluster/sections.ts';
import type { ControlGroup } from './control-groups.ts';
import { readIfPossible } from './kernel-file.ts';

/** Version 1 writes "no limit" as the largest multiple of a page below 2^63; no machine has a tenth of that. */
const noLimitFromBytes = 2 ** 60;

/** CPU time that a group may have, and how often it was stopped for want of it; undefined where its files are not there. */
export async function cpuLimitOf({ version, directory }: ControlGroup): Promise<LimitsSection['cpu']> {
  const read = (name: string): Promise<string | undefined> => readIfPossible(join(directory, name));
  const [stat, max, quota, period] = await Promise.all([
    read('cpu.stat'),
    version === 2 ? read('cpu.max') : undefined,
    version === 1 ? read('cpu.cfs_quota_us') : undefined,
    version === 1 ? read('cpu.cfs_period_us') : undefined,
  ]);
  const [periods, throttledPeriods] = [field(stat, 'nr_periods'), field(stat, 'nr_throttled')];
  if (periods === undefined || throttledPeriods === undefined) return undefined;
  const [usable, per] = version === 2 ? (max ?? '').split(' ').map(Number) : [Number(quota), Number(period)];
  const cpus = (usable ?? Number.NaN) / (per ?? Number.NaN);
  return {
    ...(Number.isFinite(cpus) && cpus > 0 ? { cpus } : {}),
    periods,
    throttledPeriods,
    // Microseconds in version 2, nanoseconds in version 1.
    throttledSeconds: (field(stat, 'throttled_usec') ?? 0) / 1e6 + (field(stat, 'throttled_time') ?? 0) / 1e9,
  };
}

/** Memory that a group may have and has; undefined where its files are not there. */
export async function memoryLimitOf({ version, directory }: ControlGroup): Promise<LimitsSection['memory']> {
  const read = (name: string): Promise<string | undefined> => readIfPossible(join(directory, name));
  const [used, limit, stat, events] = await Promise.all([
    read(version === 2 ? 'memory.current' : 'memory.usage_in_bytes'),
    read(version === 2 ? 'memory.max' : 'memory.limit_in_bytes'),
    read('memory.stat'),
    read(version === 2 ? 'memory.events' : 'memory.failcnt'),
  ]);
  if (used === undefined || !/^\d+$/.test(used)) return undefined;
  const limitBytes = Number(limit);
  const pages = ['inactive_file', 'active_file'].map((name) => field(stat, version === 2 ? name : `total_${name}`));
  const fileBytes = pages.every((each) => each === undefined)
    ? undefined
    : pages.reduce<number>((sum, each = 0) => sum + each, 0);
  const limitHits = version === 2 ? field(events, 'max') : Number(events ?? Number.NaN);
  return {
    usedBytes: Number(used),
    ...(Number.isFinite(limitBytes) && limitBytes < noLimitFromBytes ? { limitBytes } : {}),
    ...(fileBytes === undefined ? {} : { fileBytes }),
    ...(limitHits === undefined || Number.isNaN(limitHits) ? {} : { limitHits }),
  };
}

/** A number in a file with one name and one number a line. */
function field(text: string | undefined, name: string): number | undefined {
  const value = new RegExp(`^${name} (\\d+)$`, 'm').exec(text ?? '')?.[1];
  return value === undefined ? undefined : Number(value);
}
