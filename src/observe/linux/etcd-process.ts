import { readFile, readlink } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { AgentError } from '../../cluster/agent-error.ts';
import {
  dataDirOf,
  type EtcdSearch,
  type FoundPid,
  findByLock,
  findByWalk,
  hiddenEtcds,
  serverOfEndpoint,
} from './etcd-search.ts';
import {
  type EtcdSettings,
  settingsOfArguments,
  settingsOfConfigFile,
  settingsOfEnvironment,
} from './etcd-settings.ts';
import { errorCode, readIfPossible, readKernelFile } from './kernel-file.ts';
import { pendingCalls } from './pending-calls.ts';
import { type ProcessStat, parseNulSeparated, parseProcessStat, startedAtMs } from './process-files.ts';

/**
 * While there is no etcd, all processes are gone through after this time, then after twice as long each time, up to the second; its
 * lock is looked at in every round, and tells nothing on an overlay.
 */
const FIRST_WALK_AFTER_MS = 1000;
const WALK_EVERY_MS = 30_000;

/** A search that takes longer has met a disk that hangs. */
const SEARCH_MS = 5000;

/** The process of the agent's own member. */
export interface EtcdProcess extends FoundPid {
  readonly stat: ProcessStat;
  readonly startedAtMs: number;
  readonly settings: EtcdSettings;
  /** All of its settings could be read, so that one that is missing has etcd's default. */
  readonly settingsComplete: boolean;
  /** As etcd sees them, absolute; absent without the right to read its working directory where that is needed. */
  readonly dataDir?: string;
  readonly walDir?: string;
  /** Its paths mean the same to the agent. */
  readonly sharesMounts: boolean;
  /** What could not be read, one sentence each. */
  readonly unread: readonly string[];
}

/** Finds the member's process, and remembers it by pid and start time until it has ended. */
export interface EtcdProcessFinder {
  /**
   * Throws an AgentError with code `ETCD_PROCESS_NOT_FOUND`, or `ETCD_PROCESS_FOREIGN` when the data dir is that of
   * another etcd than the one that serves the member's endpoint.
   */
  readonly find: (signal: AbortSignal) => Promise<EtcdProcess>;
}

/** A finder for the member with this data dir or endpoint; at least one of them should be given. */
export function etcdProcessFinder(search: EtcdSearch): EtcdProcessFinder {
  let known: EtcdProcess | undefined;
  // Several collectors ask in the same round: they wait for one search.
  const searches = pendingCalls();
  let walkedAtMs = Number.NEGATIVE_INFINITY;
  let walkAfterMs = 0;
  let hidden: readonly number[] = [];
  let judged: { readonly pid: number; readonly untilMs: number; readonly foreign?: AgentError } | undefined;

  /** Again from time to time, since the member may start after an etcd that the data dir wrongly led to. */
  async function refuseForeign({ pid, foundBy }: FoundPid, signal: AbortSignal): Promise<void> {
    if (foundBy !== 'data-dir') return;
    if (judged?.pid !== pid || performance.now() >= judged.untilMs) {
      const server = await serverOfEndpoint(search, pid, signal);
      judged = {
        pid,
        untilMs: server.servedBy === 'holder' ? Number.POSITIVE_INFINITY : performance.now() + WALK_EVERY_MS,
        ...(server.servedBy === 'other' ? { foreign: foreignTo(search, pid, server.pid) } : {}),
      };
    }
    if (judged.foreign !== undefined) throw judged.foreign;
  }

  async function searchAgain(signal: AbortSignal): Promise<FoundPid | undefined> {
    const holder = await findByLock(search, signal);
    if (holder !== undefined) return holder;
    if (performance.now() - walkedAtMs < walkAfterMs) return undefined;
    const found = await findByWalk(search, signal);
    hidden = found === undefined ? await hiddenEtcds(search.procRoot, signal) : [];
    walkedAtMs = performance.now();
    walkAfterMs = found === undefined ? Math.min(Math.max(FIRST_WALK_AFTER_MS, 2 * walkAfterMs), WALK_EVERY_MS) : 0;
    return found;
  }

  async function find(signal: AbortSignal): Promise<EtcdProcess> {
    if (known !== undefined) {
      const stat = await readProcessStat(search.procRoot, known.pid);
      if (stat?.startTicks === known.stat.startTicks) {
        await refuseForeign(known, signal);
        return { ...known, stat };
      }
      known = undefined;
      judged = undefined;
    }
    const found = await searchAgain(signal);
    if (found !== undefined) await refuseForeign(found, signal);
    const stat = found === undefined ? undefined : await readProcessStat(search.procRoot, found.pid);
    if (found === undefined || stat === undefined) throw notFound(search, hidden);
    known = await describe(search.procRoot, found, stat);
    return known;
  }

  return { find: (signal) => searches.run('find', () => find(AbortSignal.timeout(SEARCH_MS)), signal) };
}

/** Undefined when there is no such process, or it has ended and only waits for its parent. */
async function readProcessStat(procRoot: string, pid: number): Promise<ProcessStat | undefined> {
  const stat = parseProcessStat((await readIfPossible(join(procRoot, String(pid), 'stat'))) ?? '');
  return stat === undefined || stat.state === 'Z' || stat.state === 'X' ? undefined : stat;
}

async function describe(procRoot: string, found: FoundPid, stat: ProcessStat): Promise<EtcdProcess> {
  const path = join(procRoot, String(found.pid));
  const unread: string[] = [];
  async function attempt<T>(what: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      unread.push(`${what} of process ${found.pid} could not be read (${errorCode(error) ?? String(error)})`);
      return undefined;
    }
  }
  const words = await attempt('the command line', () => readKernelFile(join(path, 'cmdline')));
  const environment = await attempt('the environment', () => readKernelFile(join(path, 'environ')));
  const cwd = await attempt('the working directory', () => readlink(join(path, 'cwd')));
  const { settings, complete } = await withConfigFile(
    {
      ...settingsOfEnvironment(parseNulSeparated(environment ?? '')),
      ...settingsOfArguments(parseNulSeparated(words ?? '')),
    },
    (file) =>
      attempt(`the configuration file ${file}`, () => readFile(join(path, 'root', resolve(cwd ?? '/', file)), 'utf8')),
  );
  const walDir = settings['wal-dir'];
  return {
    ...found,
    stat,
    startedAtMs: startedAtMs((await readIfPossible(join(procRoot, 'stat'))) ?? '', stat.startTicks) ?? Date.now(),
    settings,
    // What holds an etcd inside it, as k3s does, sets it up in ways of its own.
    settingsComplete: complete && environment !== undefined && isEtcd(words),
    ...(cwd === undefined && !settings['data-dir']?.startsWith('/')
      ? {}
      : { dataDir: dataDirOf(settings, cwd ?? '/') }),
    ...(walDir === undefined || (cwd === undefined && !walDir.startsWith('/'))
      ? {}
      : { walDir: resolve(cwd ?? '/', walDir) }),
    sharesMounts: await haveSameMounts(procRoot, path),
    unread,
  };
}

/** Etcd ignores every other flag and variable beside a configuration file (`etcd --help`). */
async function withConfigFile(
  given: EtcdSettings,
  read: (path: string) => Promise<string | undefined>,
): Promise<{ readonly settings: EtcdSettings; readonly complete: boolean }> {
  const file = given['config-file'];
  if (file === undefined) return { settings: given, complete: true };
  const text = await read(file);
  if (text === undefined) return { settings: given, complete: false };
  const { parse } = await import('yaml');
  try {
    const inFile = settingsOfConfigFile(parse(text, { logLevel: 'silent' }));
    return { settings: { 'config-file': file, ...inFile }, complete: true };
  } catch {
    // Etcd started with it, so what this parser refuses is its own affair: the file is named, nothing is made up.
    return { settings: { 'config-file': file }, complete: false };
  }
}

function isEtcd(words: string | undefined): boolean {
  return basename(parseNulSeparated(words ?? '')[0] ?? '').startsWith('etcd');
}

/** Without the right to look, the same: then paths are taken as they are. */
async function haveSameMounts(procRoot: string, processPath: string): Promise<boolean> {
  const [ours, theirs] = await Promise.all(
    [join(procRoot, 'self'), processPath].map((path) => readlink(join(path, 'ns/mnt')).catch(() => undefined)),
  );
  return ours === undefined || theirs === undefined || ours === theirs;
}

function foreignTo({ dataDir, endpoint }: EtcdSearch, holder: number, server: number): AgentError {
  return new AgentError(
    'ETCD_PROCESS_FOREIGN',
    `the data dir ${dataDir} belongs to another etcd (process ${holder}) than the one that serves ${endpoint?.host}:${endpoint?.port} (process ${server})`,
    { remedy: 'correct member.dataDir: set it to the data dir of the member that serves member.endpoint' },
  );
}

function notFound({ dataDir, endpoint }: EtcdSearch, hidden: readonly number[]): AgentError {
  const marks = [
    ...(dataDir === undefined ? [] : [`uses the data dir ${dataDir}`]),
    ...(endpoint === undefined ? [] : [`listens at ${endpoint.host}:${endpoint.port}`]),
  ];
  const unseen =
    hidden.length === 0 ? '' : `; called etcd, but the agent may not look into it: process ${hidden.join(', ')}`;
  return new AgentError('ETCD_PROCESS_NOT_FOUND', `no process that the agent can see ${marks.join(' or ')}${unseen}`, {
    remedy:
      "start etcd; if it runs, let the agent share its PID namespace (in Kubernetes: hostPID) and run as root or as etcd's user",
  });
}
