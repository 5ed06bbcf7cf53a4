import { realpath, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { listeningSockets } from '../linux/listening-ports.ts';
import { pathInRoot } from '../linux/path-in-root.ts';
import {
  commandLine,
  openFiles,
  type ProcessIdentity,
  processIds,
  processLink,
  processOf,
} from '../linux/process-table.ts';
import { type PidRecord, readPidFile } from './pid-file.ts';

/** What tells the member's own etcd from every other process. */
export interface RunningSearch {
  readonly stateDir: string;
  readonly dataDir: string;
  /** Path of the program that the agent starts. Others that are called etcd may be the member's too. */
  readonly program: string;
  /** TCP ports of its client and its peer URL. */
  readonly ports: readonly number[];
}

/** What the search has come to. */
export type FoundRunning =
  /** `record`: what the pid file says of it, where it speaks of this one. */
  | { readonly is: 'ours'; readonly process: ProcessIdentity; readonly record: PidRecord | undefined }
  /** It has our data dir on its command line, but has not (yet) opened it and does not listen where the member does. */
  | { readonly is: 'unproven'; readonly pid: number }
  /** `record`: of the one that has ended. */
  | { readonly is: 'none'; readonly record: PidRecord | undefined };

/**
 * The etcd of this member that runs now, whoever started it: the one in the pid file, where it is still that very process
 * and its command line names the data dir; else any that this machine has with that data dir and that has it open, or
 * listens at a port of the member. A process that merely has a remembered id is never taken for it.
 */
export async function findRunning(search: RunningSearch): Promise<FoundRunning> {
  const record = await readPidFile(search.stateDir);
  if (record !== undefined) {
    const process = await processOf(record.pid);
    if (process?.startTicks === record.startTicks && (await isOurServer(record.pid, search))) {
      return { is: 'ours', process, record };
    }
  }
  const alike = [];
  for (const pid of await processIds()) {
    if (await isOurServer(pid, search)) alike.push(pid);
  }
  for (const pid of alike) {
    const process = await processOf(pid);
    if (process !== undefined && (await serves(pid, search))) return { is: 'ours', process, record: undefined };
  }
  const [unproven] = alike;
  return unproven === undefined ? { is: 'none', record } : { is: 'unproven', pid: unproven };
}

/** Whether it is an etcd server with that data dir on its command line, which is the same folder for it as for this process. */
async function isOurServer(pid: number, { dataDir, program }: RunningSearch): Promise<boolean> {
  const [called = '', ...words] = await commandLine(pid);
  // `etcdutl snapshot restore --data-dir …` is no server, nor are programs that have etcd inside and a first word.
  if (!(basename(called) === basename(program) || isEtcd(called)) || words[0]?.startsWith('-') !== true) return false;
  const named = dataDirOf(words);
  if (named === undefined) return false;
  const there = resolve((await processLink(pid, 'cwd')) ?? '/', named);
  if (!(await sharesMounts(pid))) {
    const isSame = await isSameFolder({ root: `/proc/${pid}/root`, path: there }, dataDir);
    if (isSame !== undefined) return isSame;
  }
  return there === resolve(dataDir) || (await real(there)) === (await real(dataDir));
}

function isEtcd(called: string): boolean {
  const name = basename(called);
  return name.startsWith('etcd') && !/^etcd(ctl|utl|-caretaker)/.test(name);
}

/** `--data-dir=X`, `-data-dir X`: as Go's flags are written. The last one counts. */
function dataDirOf(words: readonly string[]): string | undefined {
  let found: string | undefined;
  for (const [index, word] of words.entries()) {
    const match = /^--?data-dir(?:=(.*))?$/s.exec(word);
    if (match !== null) found = match[1] ?? words[index + 1];
  }
  return found;
}

async function serves(pid: number, { dataDir, ports }: RunningSearch): Promise<boolean> {
  const open = await openFiles(pid);
  const folder = `${await real(dataDir)}/`;
  if (open.some((target) => target.startsWith(folder))) return true;
  const sockets = await listeningSockets(ports);
  return open.some((target) => sockets.has(target));
}

/**
 * The same path is another folder in another container, and the same one for an etcd that an agent has left behind which systemd
 * had given mounts of its own, as each start of a unit with `ProtectSystem` or `PrivateTmp` does. Undefined without the right to look.
 */
async function isSameFolder(
  theirs: { readonly root: string; readonly path: string },
  ours: string,
): Promise<boolean | undefined> {
  try {
    const paths = [await pathInRoot(theirs.root, theirs.path), ours];
    const [there, here] = await Promise.all(paths.map((path) => stat(path, { bigint: true })));
    return there !== undefined && there.ino === here?.ino && there.dev === here.dev;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? false : undefined;
  }
}

/** Without the right to look: the same. */
async function sharesMounts(pid: number): Promise<boolean> {
  const [ours, theirs] = await Promise.all([processLink('self', 'ns/mnt'), processLink(pid, 'ns/mnt')]);
  return ours === undefined || theirs === undefined || ours === theirs;
}

async function real(path: string): Promise<string> {
  return await realpath(path).catch(() => resolve(path));
}
