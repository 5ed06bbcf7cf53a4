import { readdir, readFile, readlink } from 'node:fs/promises';

/** One process, told from all others that ever had its id: see proc_pid_stat(5). */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after boot at which it was started. */
  readonly startTicks: number;
}

/**
 * The process that has this id now; undefined where there is none. A zombie has ended, whatever its parent knows of it.
 * Read by libuv's pool: some files of /proc wait for the process they speak of.
 */
export async function processOf(pid: number): Promise<ProcessIdentity | undefined> {
  const stat = await readProc(`${pid}/stat`);
  // The name of the command comes before this, and may hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const startTicks = Number(fields[19]);
  if (stat === '' || !Number.isFinite(startTicks) || fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return { pid, startTicks };
}

/** Whether that very process is still there, and not another one that has its id by now. */
export async function isAlive({ pid, startTicks }: ProcessIdentity): Promise<boolean> {
  return (await processOf(pid))?.startTicks === startTicks;
}

/** The ids of all processes that this one can see. */
export async function processIds(): Promise<readonly number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}

/** The words of a process's command line; none where it has ended or may not be looked at. */
export async function commandLine(pid: number): Promise<readonly string[]> {
  const words = (await readProc(`${pid}/cmdline`)).split('\0');
  return words.slice(0, -1);
}

/** Where a link of a process leads (`cwd`, `ns/mnt`); undefined where it cannot be read. */
export async function processLink(pid: number | 'self', name: string): Promise<string | undefined> {
  return await readlink(`/proc/${pid}/${name}`).catch(() => undefined);
}

/** What a process has open: paths of files, and `socket:[INODE]`. None where it may not be looked at. */
export async function openFiles(pid: number): Promise<readonly string[]> {
  const fds = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const targets = await Promise.all(fds.map((fd) => processLink(pid, `fd/${fd}`)));
  return targets.filter((target) => target !== undefined);
}

/** A file below /proc; empty where it cannot be read. */
export async function readProc(path: string): Promise<string> {
  return await readFile(`/proc/${path}`, 'latin1').catch(() => '');
}
