import { readdir, readlink } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import type { DirectoryCalls } from './directory-calls.ts';
import { settingsOfArguments, settingsOfEnvironment } from './etcd-settings.ts';
import { errorCode, readIfPossible } from './kernel-file.ts';
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
 * Goes through all processes, at about 0.1 ms each, and takes the first that this order gives: one called etcd whose
 * socket is the member's endpoint in the agent's network namespace; the only one whose socket is it in a namespace of
 * its own; one that uses the data dir; any other program that listens there and has an etcd database open, as k3s.
 */
export async function findByWalk(search: EtcdSearch, signal: AbortSignal): Promise<FoundPid | undefined> {
  const { procRoot } = search;
  const { etcds, others } = await processes(procRoot, signal);
  const ours = await listeningInodes(search, join(procRoot, 'self'));
  for (const pid of etcds) {
    if (await holdsSocket(procRoot, pid, ours)) return { pid: Number(pid), foundBy: 'listening-socket' };
  }
  const elsewhere: string[] = [];
  for (const pid of etcds) {
    const theirs = await listeningInodes(search, join(procRoot, pid));
    if (await holdsSocket(procRoot, pid, theirs)) elsewhere.push(pid);
  }
  const [only, second] = elsewhere;
  if (only !== undefined && second === undefined) return { pid: Number(only), foundBy: 'listening-socket' };
  const alike: string[] = [];
  for (const pid of etcds) {
    const match = await matchDataDir(search, pid, signal);
    if (match === 'same') return { pid: Number(pid), foundBy: 'data-dir' };
    if (match === 'alike') alike.push(pid);
  }
  if (alike.length === 1) return { pid: Number(alike[0]), foundBy: 'data-dir' };
  for (const pid of ours.size === 0 ? [] : others) {
    signal.throwIfAborted();
    // Without the database it would be a proxy in front of etcd.
    const holds = (await holdsSocket(procRoot, pid, ours)) && (await holdsDatabase(procRoot, pid));
    if (holds) return { pid: Number(pid), foundBy: 'listening-socket' };
  }
  return undefined;
}

/**
 * Who serves the endpoint: the process that holds the data dir's lock, or another etcd, and then the data dir is not the
 * member's. `unknown` where that cannot be told: the endpoint is on another machine or a name, nobody listens
 * there, or it is a proxy (also etcd's own, which has no database), or the agent lacks the rights to look.
 */
export async function serverOfEndpoint(
  search: EtcdSearch,
  holder: number,
  signal: AbortSignal,
): Promise<{ readonly servedBy: 'holder' | 'unknown' } | { readonly servedBy: 'other'; readonly pid: number }> {
  const { procRoot, endpoint } = search;
  if (endpoint === undefined || !isThisMachine(endpoint.host)) return { servedBy: 'unknown' };
  const ours = await listeningInodes(search, join(procRoot, 'self'));
  if (await holdsSocket(procRoot, String(holder), ours)) return { servedBy: 'holder' };
  if (ours.size === 0) return { servedBy: 'unknown' };
  for (const pid of (await processes(procRoot, signal)).etcds) {
    if (Number(pid) === holder || !(await holdsSocket(procRoot, pid, ours))) continue;
    if (await holdsDatabase(procRoot, pid)) return { servedBy: 'other', pid: Number(pid) };
  }
  return { servedBy: 'unknown' };
}

/** Processes called etcd whose open files the agent has no right to see: one of them may be the member's. */
export async function hiddenEtcds(procRoot: string, signal: AbortSignal): Promise<readonly number[]> {
  const { etcds } = await processes(procRoot, signal);
  const hidden = await Promise.all(
    etcds.map((pid) =>
      readdir(join(procRoot, pid, 'fd')).then(
        () => false,
        (error: unknown) => ['EACCES', 'EPERM'].includes(errorCode(error) ?? ''),
      ),
    ),
  );
  return etcds.filter((_, index) => hidden[index]).map(Number);
}

function isThisMachine(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '');
  if (bare === 'localhost' || bare === '::1' || /^127\.\d+\.\d+\.\d+$/.test(bare)) return true;
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === bare));
}

/** All pids, those whose command is called etcd apart. */
async function processes(procRoot: string, signal: AbortSignal): Promise<{ etcds: string[]; others: string[] }> {
  const etcds: string[] = [];
  const others: string[] = [];
  for (const pid of (await readdir(procRoot)).filter((name) => /^\d+$/.test(name))) {
    signal.throwIfAborted();
    const command = await readIfPossible(join(procRoot, pid, 'comm'));
    (command?.startsWith('etcd') ? etcds : others).push(pid);
  }
  return { etcds, others };
}

/** Inodes of the sockets that listen at the endpoint in the network namespace of a process. */
async function listeningInodes({ endpoint }: EtcdSearch, processPath: string): Promise<ReadonlySet<string>> {
  if (endpoint === undefined) return new Set();
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readIfPossible(join(processPath, 'net', name))));
  const sockets = tables.flatMap((table) => parseListeningSockets(table ?? ''));
  return new Set(sockets.filter((s) => listensAt(s, endpoint.host, endpoint.port)).map(({ inode }) => inode));
}

async function holdsSocket(procRoot: string, pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  return (
    inodes.size > 0 &&
    (await holdsFile(procRoot, pid, (file) => inodes.has(/^socket:\[(\d+)\]$/.exec(file)?.[1] ?? '')))
  );
}

async function holdsDatabase(procRoot: string, pid: string): Promise<boolean> {
  return await holdsFile(procRoot, pid, (file) => file.endsWith('/member/snap/db'));
}

async function holdsFile(procRoot: string, pid: string, isWanted: (file: string) => boolean): Promise<boolean> {
  const folder = join(procRoot, pid, 'fd');
  for (const fd of await readdir(folder).catch(() => [])) {
    if (isWanted(await readlink(join(folder, fd)).catch(() => ''))) return true;
  }
  return false;
}

/**
 * Compares by device and inode, so that links, bind mounts and the paths of another container make no difference.
 * `alike` where one of both cannot be looked at and only the names agree, as those of two containers may.
 */
async function matchDataDir({ procRoot, calls, dataDir }: EtcdSearch, pid: string, signal: AbortSignal) {
  if (dataDir === undefined) return 'other';
  const path = join(procRoot, pid);
  const read = async (name: string) => parseNulSeparated((await readIfPossible(join(path, name))) ?? '');
  const settings = { ...settingsOfEnvironment(await read('environ')), ...settingsOfArguments(await read('cmdline')) };
  const cwd = await readlink(join(path, 'cwd')).catch(() => '/');
  const theirs = dataDirOf(settings, cwd);
  const [wanted, found] = await Promise.all(
    [dataDir, join(path, 'root', theirs)].map((directory) => calls.stat(directory, signal).catch(() => undefined)),
  );
  if (wanted === undefined || found === undefined) return theirs === dataDir ? 'alike' : 'other';
  return wanted.device === found.device && wanted.inode === found.inode ? 'same' : 'other';
}

/** The data dir in force, absolute; etcd's default is `<name>.etcd` in its working directory. */
export function dataDirOf(settings: Readonly<Record<string, string>>, cwd: string): string {
  return resolve(cwd, settings['data-dir'] ?? `${settings['name'] ?? 'default'}.etcd`);
}
