import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { groupName } from './control-groups.ts';
import { readIfPossible } from './kernel-file.ts';
import { parseProcessIo, parseProcessStat } from './process-files.ts';

/** What a process has used since it started. */
export interface ProcessUse {
  readonly pid: number;
  /** Pid and start time: a pid is given again. */
  readonly key: string;
  readonly command: string;
  readonly cpuSeconds: number;
  /** What it made the block layer read and write; absent without the right to read it. */
  readonly ioBytes?: number;
}

/** As many processes are read at the same time: more would only queue up in libuv's four threads. */
const atOnce = 16;

/** The kernel's USER_HZ, as in `/proc/stat`. */
const ticksPerSecond = 100;

/** What every process that there is has used, by its key. One that ends meanwhile is left out; kernel threads count as well. */
export async function readProcessUses(procRoot: string): Promise<ReadonlyMap<string, ProcessUse>> {
  const pids = (await readdir(procRoot)).filter((name) => /^\d+$/.test(name));
  const uses = new Map<string, ProcessUse>();
  const queue = pids.values();
  const read = async (): Promise<void> => {
    for (const pid of queue) {
      const use = await readProcessUse(procRoot, pid);
      if (use !== undefined) uses.set(use.key, use);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, read));
  return uses;
}

async function readProcessUse(procRoot: string, pid: string): Promise<ProcessUse | undefined> {
  const path = join(procRoot, pid);
  const stat = parseProcessStat((await readIfPossible(join(path, 'stat'))) ?? '');
  if (stat === undefined) return undefined;
  const io = parseProcessIo((await readIfPossible(join(path, 'io'))) ?? '');
  return {
    pid: Number(pid),
    key: `${pid} ${stat.startTicks}`,
    command: stat.command,
    cpuSeconds: stat.cpuSeconds,
    ...(io === undefined ? {} : { ioBytes: io.readBytes + io.writtenBytes }),
  };
}

/** CPU time of all CPUs together since boot, and how much of it was used. */
export interface CpuTimes {
  readonly busySeconds: number;
  readonly totalSeconds: number;
}

/** From the first line of `/proc/stat`; zeros where it cannot be read. Time that the host took away counts as used. */
export async function readCpuTimes(procRoot: string): Promise<CpuTimes> {
  const line = /^cpu +(.*)$/m.exec((await readIfPossible(join(procRoot, 'stat'))) ?? '')?.[1] ?? '';
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = line
    .split(/\s+/)
    .map((ticks) => Number(ticks) / ticksPerSecond);
  const busySeconds = user + nice + system + irq + softirq + steal;
  return { busySeconds, totalSeconds: busySeconds + idle + iowait };
}

/** The control group of a process, by its name; undefined where it is the root or cannot be read. */
export async function cgroupOf(procRoot: string, pid: number): Promise<string | undefined> {
  return groupName((await readIfPossible(join(procRoot, String(pid), 'cgroup'))) ?? '');
}
