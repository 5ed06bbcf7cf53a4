import { readdirSync, readFileSync } from 'node:fs';

/** By this variable of their environment processes of a tended cluster are known; etcd has it from its agent. */
export const MARK = 'CARETAKER_TEST_RUN';

/** The etcd that runs on a data dir, whoever started it. */
export function etcdOn(dataDir: string): number | undefined {
  return etcdsOn(dataDir)[0];
}

/** All of them: more than one would be wrong. */
export function etcdsOn(dataDir: string): readonly number[] {
  return pids().filter((pid) => {
    const words = readProc(`${pid}/cmdline`).split('\0');
    return (words[0] ?? '').endsWith('etcd') && words.includes(`--data-dir=${dataDir}`) && !isZombie(pid);
  });
}

/** Ids and command lines of all processes with this mark. */
export function markedProcesses(mark: string): readonly { readonly pid: number; readonly words: readonly string[] }[] {
  const wanted = `${MARK}=${mark}`;
  return pids()
    .filter((pid) => pid !== process.pid && readProc(`${pid}/environ`).split('\0').includes(wanted) && !isZombie(pid))
    .map((pid) => ({ pid, words: readProc(`${pid}/cmdline`).split('\0') }));
}

/** Agents before etcds. Gives how many there were. */
export function killMarked(mark: string): number {
  const marked = markedProcesses(mark);
  const agents = marked.filter(({ words }) => !(words[0] ?? '').endsWith('etcd'));
  for (const { pid } of [...agents, ...marked]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
  return marked.length;
}

/** A text file; empty where there is none. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'latin1');
  } catch {
    return '';
  }
}

function pids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function isZombie(pid: number): boolean {
  const stat = readProc(`${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
}
