import { readdir, readlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { DirectoryCalls } from './directory-calls.ts';
import { settingsOfArguments, settingsOfEnvironment } from './etcd-settings.ts';
import { readIfPossible } from './kernel-file.ts';
import { flockHolder } from './lock-table.ts';
import { parseNulSeparated } from './process-files.ts';
import { listensAt, parseListeningSockets } from './socket-table.ts';

/** What tells one etcd from another on a machine that may run several. */
export interface EtcdSearch {
  readonly procRoot: string;
  readonly calls: DirectoryCalls;
  /** The data dir as the agent sees it. */
  readonly dataDir?: string;
  /** Where the member serves clients. */
  readonly endpoint?: { readonly host: string; readonly port: number };
}

/** A process that was found, and by what. */
export interface FoundPid {
  readonly pid: number;
  readonly foundBy: 'data-dir' | 'listening-socket';
}

/**
 * The process that holds the lock on the data dir's database, which etcd takes before it serves and loses when it ends:
 * one `stat` and one small file, whatever the process is called and whichever container it is in.
 */
export async function findByLock(search: EtcdSearch, signal: AbortSignal): Promise<FoundPid | undefined> {
  if (search.dataDir === undefined) return undefined;
  const database = join(search.dataDir, 'member/snap/db');
  const file = await search.calls.stat(database, signal).catch(() => undefined);
  const locks = await readIfPossible(join(search.procRoot, 'locks'));
  if (file === undefined || locks === undefined) return undefined;
  const pid = flockHolder(locks, file);
  return pid === undefined ? undefined : { pid, foundBy: 'data-dir' };
}

/**
 * Goes through all processes, those called etcd first: whose listening socket is the member's endpoint, in the agent's
 * network namespace or in the process' own, or whose data dir is the configured one. Costs about 0.1 ms a process.
 */
export async function findByWalk(search: EtcdSearch, signal: AbortSignal): Promise<FoundPid | undefined> {
  const { procRoot } = search;
  const ours = await listeningInodes(search, join(procRoot, 'self'));
  const others: string[] = [];
  for (const pid of (await readdir(procRoot)).filter((name) => /^\d+$/.test(name))) {
    signal.throwIfAborted();
    if (!(await readIfPossible(join(procRoot, pid, 'comm')))?.startsWith('etcd')) {
      others.push(pid);
      continue;
    }
    const inodes = new Set([...ours, ...(await listeningInodes(search, join(procRoot, pid)))]);
    if (await holdsSocket(procRoot, pid, inodes)) return { pid: Number(pid), foundBy: 'listening-socket' };
    if (await usesDataDir(search, pid, signal)) return { pid: Number(pid), foundBy: 'data-dir' };
  }
  // Something listens there that is not called etcd: etcd inside another program, as in k3s.
  if (ours.size === 0) return undefined;
  for (const pid of others) {
    signal.throwIfAborted();
    if (await holdsSocket(procRoot, pid, ours)) return { pid: Number(pid), foundBy: 'listening-socket' };
  }
  return undefined;
}

/** Inodes of the sockets that listen at the endpoint in the network namespace of a process. */
async function listeningInodes({ endpoint }: EtcdSearch, processPath: string): Promise<ReadonlySet<string>> {
  if (endpoint === undefined) return new Set();
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readIfPossible(join(processPath, 'net', name))));
  const sockets = tables.flatMap((table) => parseListeningSockets(table ?? ''));
  return new Set(sockets.filter((s) => listensAt(s, endpoint.host, endpoint.port)).map(({ inode }) => inode));
}

async function holdsSocket(procRoot: string, pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  if (inodes.size === 0) return false;
  const folder = join(procRoot, pid, 'fd');
  for (const fd of await readdir(folder).catch(() => [])) {
    const target = await readlink(join(folder, fd)).catch(() => '');
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined && inodes.has(inode)) return true;
  }
  return false;
}

/** Compares by device and inode, so that links, bind mounts and the paths of another container make no difference. */
async function usesDataDir({ procRoot, calls, dataDir }: EtcdSearch, pid: string, signal: AbortSignal) {
  if (dataDir === undefined) return false;
  const path = join(procRoot, pid);
  const read = async (name: string) => parseNulSeparated((await readIfPossible(join(path, name))) ?? '');
  const settings = { ...settingsOfEnvironment(await read('environ')), ...settingsOfArguments(await read('cmdline')) };
  const cwd = await readlink(join(path, 'cwd')).catch(() => '/');
  const theirs = dataDirOf(settings, cwd);
  const [wanted, found] = await Promise.all(
    [dataDir, join(path, 'root', theirs)].map((directory) => calls.stat(directory, signal).catch(() => undefined)),
  );
  if (wanted === undefined || found === undefined) return theirs === dataDir;
  return wanted.device === found.device && wanted.inode === found.inode;
}

/** The data dir in force, absolute; etcd's default is `<name>.etcd` in its working directory. */
export function dataDirOf(settings: Readonly<Record<string, string>>, cwd: string): string {
  return resolve(cwd, settings['data-dir'] ?? `${settings['name'] ?? 'default'}.etcd`);
}
