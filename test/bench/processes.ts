import { readFileSync } from 'node:fs';

/** What a process has used so far. */
export interface ProcessUse {
  readonly residentBytes: number;
  readonly cpuSeconds: number;
}

/** USER_HZ, which Linux fixes at 100 for what it shows in /proc. */
const ticksPerSecond = 100;

/** Reads resident memory and CPU time of one process. */
export function processUse(pid: number): ProcessUse {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    residentBytes: Number(resident) * 1024,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
  };
}

/** The processor and its count, for the line that says where a figure was taken. */
export function machine(): string {
  const info = readFileSync('/proc/cpuinfo', 'utf8');
  const model = /^model name\s*:\s*(.+)$/m.exec(info)?.[1] ?? process.arch;
  const cores = info.match(/^processor\s*:/gm)?.length ?? 1;
  return `${model}, ${cores} cores, Linux, Node ${process.versions.node}`;
}
