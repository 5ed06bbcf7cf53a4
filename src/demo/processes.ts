import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { demoMark } from './child.ts';

function markedProcesses(run: string): number[] {
  const wanted = `${demoMark}=${run}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => readProc(`${name}/environ`).split('\0').includes(wanted))
    .map(Number);
}

/** Sends a signal (0: none) to all processes that carry the mark of a demo, but for this one. Gives how many there were. */
function signalMarked(run: string, signal: NodeJS.Signals | 0): number {
  const pids = markedProcesses(run);
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended by itself.
    }
  }
  return pids.length;
}

/** Ends all processes that carry the mark: asks them to, and kills those that are left after `graceMs`. Back when none is left. */
export async function endMarked(run: string, graceMs: number): Promise<void> {
  // One that is stopped would take the other signal only when it goes on.
  signalMarked(run, 'SIGCONT');
  signalMarked(run, 'SIGTERM');
  const deadline = performance.now() + graceMs;
  while (performance.now() < deadline && signalMarked(run, 0) > 0) {
    await sleep(50);
  }
  while (signalMarked(run, 'SIGKILL') > 0) {
    await sleep(20);
  }
}

/** What makes a process id unique over time: the id and when it was started, or undefined when there is none. */
export function processIdentity(pid: number): string | undefined {
  const fields = afterName(pid);
  // A zombie has ended, whatever its parent knows.
  return fields === undefined || fields[0] === 'Z' ? undefined : `${pid}@${fields[19]}`;
}

/** The parent of a process; undefined when there is no such process. */
export function parentOf(pid: number): number | undefined {
  const parent = Number(afterName(pid)?.[1]);
  return Number.isInteger(parent) && parent > 0 ? parent : undefined;
}

/** The words of a process's command line; empty when there is no such process. */
export function commandLine(pid: number): string[] {
  return readProc(`${pid}/cmdline`).split('\0').filter(Boolean);
}

/** The fields of /proc/PID/stat from the state on: the name before it may hold spaces and brackets. */
function afterName(pid: number): string[] | undefined {
  const stat = readProc(`${pid}/stat`);
  return stat === '' ? undefined : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'latin1');
  } catch {
    return '';
  }
}
