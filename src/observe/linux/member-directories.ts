import { join, resolve } from 'node:path';
import { within } from '../../abort/linked-abort.ts';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { DiskRole } from '../../cluster/sections.ts';
import { type DirectoryCalls, type DirectoryStat, silence } from './directory-calls.ts';
import type { EtcdProcess, EtcdProcessFinder } from './etcd-process.ts';
import { errorCode, readKernelFile } from './kernel-file.ts';
import { findMount, type Mount, parseMountTable } from './mount-table.ts';

/** A directory that does not answer for so long is waited for no more; what was known of it before still stands. */
const PATIENCE_MS = 1000;

/** The directory that holds the WAL or the data, and the mount that it is on. */
export interface RoleDirectory {
  readonly role: DiskRole;
  /** As it is configured, or as etcd names it. */
  readonly path: string;
  /** By which the agent reaches it: the same, or through `/proc/PID/root` of etcd's process. */
  readonly accessPath: string;
  readonly mount: Mount;
  /** The mount table that `mount` is from. */
  readonly mountTable: string;
  /** Set while it does not answer: a sentence. */
  readonly hanging?: string;
}

/** A directory that is not there to be looked at, and why. */
export interface MissingDirectory {
  readonly role: DiskRole;
  readonly path: string;
  readonly unresolved: string;
}

/** Where the directories come from. */
export interface MemberDirectoriesOptions {
  readonly procRoot: string;
  readonly calls: DirectoryCalls;
  /** Without it, what etcd's own settings say. */
  readonly dataDir?: string;
  /** Without it, what etcd's own settings say, else `member/wal` in the data dir. */
  readonly walDir?: string;
  readonly etcd: EtcdProcessFinder;
  /** For how long a directory is waited for. Left out: a second. */
  readonly patienceMs?: number;
}

/** The member's two directories, looked up again only when one has moved to another file system. */
export interface MemberDirectories {
  /** WAL first, then data. Never throws but for the signal. */
  readonly locate: (signal: AbortSignal) => Promise<readonly (RoleDirectory | MissingDirectory)[]>;
}

/** Whether it was found. */
export function isLocated(directory: RoleDirectory | MissingDirectory): directory is RoleDirectory {
  return 'mount' in directory;
}

/** The directories of the member that the options name. */
export function memberDirectories(options: MemberDirectoriesOptions): MemberDirectories {
  const known = new Map<DiskRole, { readonly directory: RoleDirectory; readonly device: string }>();
  // What etcd last said of its directories: they are still its own while it is stopped.
  let ownWords: EtcdProcess | undefined;

  async function locateRole(role: DiskRole, signal: AbortSignal): Promise<RoleDirectory | MissingDirectory> {
    return await within([signal], options.patienceMs ?? PATIENCE_MS, (patience) =>
      locateWithin(role, signal, patience),
    );
  }

  async function locateWithin(
    role: DiskRole,
    signal: AbortSignal,
    patience: AbortSignal,
  ): Promise<RoleDirectory | MissingDirectory> {
    let foreign: string | undefined;
    try {
      ownWords = await options.etcd.find(patience);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof AgentError && error.code === 'ETCD_PROCESS_FOREIGN') foreign = error.message;
    }
    const place = placeOf(options, role, ownWords);
    if (place === undefined) return { role, path: '', unresolved: nowhere(ownWords) };
    // Of another etcd's disk nothing is said as if it were the member's.
    if (foreign !== undefined) return { role, path: place.path, unresolved: foreign };
    const before = known.get(role);
    try {
      const { path, reached } = await reachPlace(options, place, patience);
      if (before?.directory.accessPath === reached.accessPath && before.device === reached.stat.device) {
        return before.directory;
      }
      const directory = await resolveMount(options, { role, path, ...reached }, patience);
      if (isLocated(directory)) known.set(role, { directory, device: reached.stat.device });
      return directory;
    } catch (error) {
      signal.throwIfAborted();
      const { path } = place;
      if (!patience.aborted) return { role, path, unresolved: unreachable(path, error) };
      const hanging = silence(path, options.calls);
      return before?.directory.path === path ? { ...before.directory, hanging } : { role, path, unresolved: hanging };
    }
  }

  return { locate: (signal) => Promise.all([locateRole('wal', signal), locateRole('data', signal)]) };
}

interface Place {
  readonly path: string;
  /** Where etcd will make `path` when it first starts, so that both are on one file system. */
  readonly parent?: string;
  /** Set where the path is one that etcd named itself. */
  readonly etcd?: EtcdProcess;
}

/** The path of a role: as configured, else as etcd's own settings have it; undefined when neither is known. */
function placeOf({ dataDir, walDir }: MemberDirectoriesOptions, role: DiskRole, etcd?: EtcdProcess): Place | undefined {
  if (role === 'wal' && walDir !== undefined) return { path: resolve(walDir) };
  if (role === 'wal' && etcd?.walDir !== undefined) return { path: etcd.walDir, etcd };
  if (dataDir !== undefined) return walOrData(role, resolve(dataDir));
  return etcd?.dataDir === undefined ? undefined : { ...walOrData(role, etcd.dataDir), etcd };
}

function nowhere(etcd: EtcdProcess | undefined): string {
  const why = etcd === undefined ? "etcd's process was not found to ask" : etcd.unread.join('; ');
  return `member.dataDir is not set, and ${why}`;
}

function walOrData(role: DiskRole, dataDir: string): Place {
  return role === 'data' ? { path: dataDir } : { path: join(dataDir, 'member/wal'), parent: dataDir };
}

interface Reached {
  readonly accessPath: string;
  readonly processPath: string;
  readonly stat: DirectoryStat;
}

async function reachPlace(options: MemberDirectoriesOptions, { path, parent, etcd }: Place, signal: AbortSignal) {
  try {
    return { path, reached: await reach(options, path, etcd, signal) };
  } catch (error) {
    if (parent === undefined || errorCode(error) !== 'ENOENT') throw error;
    return { path: parent, reached: await reach(options, parent, etcd, signal) };
  }
}

/** Stats the directory where the agent sees it, else in the mount namespace of etcd's process. */
async function reach(
  { calls, procRoot, etcd }: MemberDirectoriesOptions,
  path: string,
  owner: EtcdProcess | undefined,
  signal: AbortSignal,
): Promise<Reached> {
  const throughProcess = async ({ pid }: EtcdProcess): Promise<Reached> => {
    const processPath = join(procRoot, String(pid));
    const accessPath = join(processPath, 'root', path);
    return { accessPath, processPath, stat: await calls.stat(accessPath, signal) };
  };
  if (owner !== undefined && !owner.sharesMounts) return await throughProcess(owner);
  try {
    return { accessPath: path, processPath: join(procRoot, 'self'), stat: await calls.stat(path, signal) };
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    const found = await etcd.find(signal).catch(() => undefined);
    if (found === undefined || found.sharesMounts) throw error;
    return await throughProcess(found);
  }
}

async function resolveMount(
  { calls }: MemberDirectoriesOptions,
  { role, path, accessPath, processPath, stat }: Reached & { readonly role: DiskRole; readonly path: string },
  signal: AbortSignal,
): Promise<RoleDirectory | MissingDirectory> {
  if (!stat.isDirectory) return { role, path, unresolved: `${path} is not a directory` };
  // In another mount namespace a link cannot be followed by name; there the device number alone keeps the prefix honest.
  const realPath = accessPath === path ? await calls.realpath(path, signal) : path;
  const mountTable = join(processPath, 'mountinfo');
  const mount = findMount(parseMountTable(await readKernelFile(mountTable)), realPath, stat.device);
  if (mount !== undefined) return { role, path, accessPath, mount, mountTable };
  return { role, path, unresolved: `${mountTable} has no mount of device ${stat.device} that holds ${realPath}` };
}

function unreachable(path: string, error: unknown): string {
  switch (errorCode(error)) {
    case 'ENOENT':
      return `${path} does not exist where the agent can see it: check member.dataDir and member.walDir, and mount them into the agent's container`;
    case 'EACCES':
    case 'EPERM':
      return `the agent may not look into ${path}: run it as root or as etcd's user`;
    default:
      return `${path} could not be read: ${faultOf(error).message}`;
  }
}
