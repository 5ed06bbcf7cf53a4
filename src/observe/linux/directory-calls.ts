import { realpath, stat, statfs } from 'node:fs/promises';
import { deviceName } from './device-number.ts';
import { pendingCalls } from './pending-calls.ts';

/** What `stat` says of a directory or a file. */
export interface DirectoryStat {
  /** `major:minor` of its file system. */
  readonly device: string;
  readonly inode: bigint;
  readonly isDirectory: boolean;
}

/** What `statfs` says of a file system, in bytes and numbers of files. */
interface FilesystemStat {
  readonly sizeBytes: number;
  /** For processes without privileges: the reserve of root is not in it. */
  readonly availableBytes: number;
  readonly files: number;
  readonly filesFree: number;
}

/** The calls that touch etcd's disk and may therefore never come back. */
export interface DirectoryCalls {
  readonly stat: (path: string, signal: AbortSignal) => Promise<DirectoryStat>;
  readonly statfs: (path: string, signal: AbortSignal) => Promise<FilesystemStat>;
  readonly realpath: (path: string, signal: AbortSignal) => Promise<string>;
  /** Seconds for which the oldest call has waited for the disk, 0 when none does. */
  readonly waitingSeconds: () => number;
}

/** A call that waits for less may have met a busy machine, not a disk that hangs. */
const HANGS_FROM_SECONDS = 3;

/** A sentence on a directory or call that has not answered while it was waited for; that its disk hangs only when it does. */
export function silence(what: string, calls: Pick<DirectoryCalls, 'waitingSeconds'>): string {
  const seconds = calls.waitingSeconds();
  if (seconds < HANGS_FROM_SECONDS) return `${what} has not answered in time`;
  return `${what} has not answered for ${seconds.toFixed(0)} s: its disk hangs`;
}

/**
 * Calls in libuv's pool of four threads. Of each directory at most one is under way, whichever it is, so a disk that
 * hangs holds one thread for each directory that is watched, and the pool goes on with the others.
 */
export function directoryCalls(): DirectoryCalls {
  const calls = pendingCalls();
  const lastOf = new Map<string, Promise<unknown>>();

  function inTurn<T>(op: string, path: string, call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const begin = (): Promise<T> => {
      const result = (lastOf.get(path) ?? Promise.resolve()).then(call);
      const settled = result.catch(() => undefined);
      lastOf.set(path, settled);
      void settled.then(() => lastOf.get(path) === settled && lastOf.delete(path));
      return result;
    };
    return calls.run(`${op} ${path}`, begin, signal);
  }

  return {
    stat: (path, signal) =>
      inTurn(
        'stat',
        path,
        async () => {
          const found = await stat(path, { bigint: true });
          return { device: deviceName(found.dev), inode: found.ino, isDirectory: found.isDirectory() };
        },
        signal,
      ),
    statfs: (path, signal) =>
      inTurn(
        'statfs',
        path,
        async () => {
          const found = await statfs(path);
          return {
            sizeBytes: found.blocks * found.bsize,
            availableBytes: found.bavail * found.bsize,
            files: found.files,
            filesFree: found.ffree,
          };
        },
        signal,
      ),
    realpath: (path, signal) => inTurn('realpath', path, () => realpath(path), signal),
    waitingSeconds: calls.oldestSeconds,
  };
}
