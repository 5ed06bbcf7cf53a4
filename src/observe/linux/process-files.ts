/**
 * The kernel's USER_HZ, in which `/proc/PID/stat` counts time: 100 on every architecture that etcd supports, whatever
 * the kernel's own clock rate is.
 */
const TICKS_PER_SECOND = 100;

/** What the agent reads of `/proc/PID/stat` (proc_pid_stat(5)). */
export interface ProcessStat {
  /** The command's name, cut to 15 bytes. */
  readonly command: string;
  /** `R`, `S`, `D`, … ; `Z` is a zombie: it has ended. */
  readonly state: string;
  readonly cpuSeconds: number;
  /** Ticks after boot at which it started: with the pid, it names a process for good. */
  readonly startTicks: number;
  /** Pages that it had to wait for. */
  readonly majorFaults: number;
}

/** Parses `/proc/PID/stat`; the command may hold spaces and parentheses. Undefined when it is not one. */
export function parseProcessStat(text: string): ProcessStat | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const fields = text
    .slice(close + 1)
    .trim()
    .split(/\s+/);
  const [state] = fields;
  // Fields are numbered from 1 in the manual; `state` is the third.
  const at = (field: number): number => Number(fields[field - 3] ?? Number.NaN);
  const cpuSeconds = (at(14) + at(15)) / TICKS_PER_SECOND;
  const startTicks = at(22);
  const majorFaults = at(12);
  if (state === undefined || !Number.isFinite(cpuSeconds) || !Number.isFinite(startTicks)) return undefined;
  return { command: text.slice(open + 1, close), state, cpuSeconds, startTicks, majorFaults };
}

/** Wall clock at which a process started, in ms since the epoch, from the boot time in `/proc/stat`. */
export function startedAtMs(procStat: string, startTicks: number): number | undefined {
  const boot = /^btime (\d+)$/m.exec(procStat)?.[1];
  return boot === undefined ? undefined : Number(boot) * 1000 + (startTicks / TICKS_PER_SECOND) * 1000;
}

/** Resident bytes from `/proc/PID/status`; undefined for a zombie, which has none. */
export function parseResidentBytes(status: string): number | undefined {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/** Bytes that a process made the block layer read and write, from `/proc/PID/io`. */
export function parseProcessIo(text: string): { readBytes: number; writtenBytes: number } | undefined {
  const read = /^read_bytes: (\d+)$/m.exec(text)?.[1];
  const written = /^write_bytes: (\d+)$/m.exec(text)?.[1];
  if (read === undefined || written === undefined) return undefined;
  return { readBytes: Number(read), writtenBytes: Number(written) };
}

/** The soft limit of open files from `/proc/PID/limits`; undefined when unlimited or missing. */
export function parseMaxFds(limits: string): number | undefined {
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1];
  const files = Number(soft);
  return soft === undefined || !Number.isFinite(files) ? undefined : files;
}

/** The NUL-separated words of `cmdline` and `environ`. */
export function parseNulSeparated(text: string): readonly string[] {
  return text.split('\0').filter((word) => word !== '');
}

/** How long a thread was ready to run and waited, and how often it got a CPU; undefined where the kernel does not count. */
export function parseCpuWait(schedstat: string): { readonly seconds: number; readonly turns: number } | undefined {
  const [, waited, turns] = schedstat.trim().split(' ').map(Number);
  if (waited === undefined || turns === undefined || !Number.isFinite(waited) || !Number.isFinite(turns))
    return undefined;
  return { seconds: waited / 1e9, turns };
}
