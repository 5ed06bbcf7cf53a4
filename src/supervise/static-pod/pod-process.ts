import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';

/** What tells the member's etcd from others of the machine. */
export interface PodProcessSearch {
  /** As the pod's etcd has it in `--data-dir`. */
  readonly dataDir: string;
  readonly memberName: string;
  readonly procRoot: string;
}

/** A process of etcd; with the time of its start (ticks after boot) a pid names it for good. */
export interface PodProcess {
  readonly pid: number;
  readonly startTicks: string;
}

/**
 * The process of the member's etcd, where the agent sees the processes of the host: a process called etcd with the member's data
 * dir and name, or with the one that it names. Undefined where there is none to be seen.
 */
export async function findPodProcess(search: PodProcessSearch, signal: AbortSignal): Promise<PodProcess | undefined> {
  const pids = (await readdir(search.procRoot)).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    signal.throwIfAborted();
    const found = await match(search, pid);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function match(search: PodProcessSearch, pid: string): Promise<PodProcess | undefined> {
  const folder = join(search.procRoot, pid);
  const read = (name: string) => readFile(join(folder, name), 'utf8').catch(() => '');
  if (!(await read('comm')).startsWith('etcd')) return undefined;
  const [words, environment, stat] = await Promise.all([read('cmdline'), read('environ'), read('stat')]);
  const settings = settingsOf(words.split('\0'), environment.split('\0'));
  const { 'data-dir': dataDir, name } = settings;
  // Each pod may call its data dir the same: another etcd of this machine has another name.
  const isNamed = name === search.memberName;
  const same =
    dataDir === undefined ? isNamed : trimmed(dataDir) === trimmed(search.dataDir) && (isNamed || name === undefined);
  // The fields behind the command, which may hold spaces: the state, and 19 later the start (proc_pid_stat(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  if (!same || startTicks === undefined || state === 'Z' || state === 'X') return undefined;
  return { pid: Number(pid), startTicks };
}

function settingsOf(
  words: readonly string[],
  environment: readonly string[],
): Partial<Record<'data-dir' | 'name', string>> {
  const settings: Partial<Record<'data-dir' | 'name', string>> = {};
  for (const word of environment) {
    const [, name, value] = /^ETCD_(DATA_DIR|NAME)=(.+)$/s.exec(word) ?? [];
    if (value !== undefined) settings[name === 'NAME' ? 'name' : 'data-dir'] = value;
  }
  for (const [index, word] of words.entries()) {
    const [, name, value] = /^--?(data-dir|name)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === 'data-dir' || name === 'name') settings[name] = value ?? words[index + 1] ?? '';
  }
  return settings;
}

function trimmed(path: string): string {
  return path.replace(/\/+$/, '');
}

/** How long a connection to the member's own port may take: on one machine it is made or refused at once. */
const connectTimeoutMs = 1000;

/** Whether something listens at a host and port. Undefined where neither a yes nor a no came. */
export function listens(host: string, port: number, signal: AbortSignal): Promise<boolean | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: connectTimeoutMs, signal });
    const done = (answer: boolean | undefined): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => done(true));
    socket.once('timeout', () => done(undefined));
    socket.once('error', (error) => done('code' in error && error.code === 'ECONNREFUSED' ? false : undefined));
  });
}
