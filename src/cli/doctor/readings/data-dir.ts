import { join } from 'node:path';
import { faultOf } from '../../../cluster/agent-error.ts';
import type { DirectoryCalls } from '../../../observe/linux/directory-calls.ts';
import type { DataDirState } from '../facts.ts';

/** A directory that takes longer lies on a disk that hangs. */
const longestMs = 3000;

/** Looks whether a directory is one in which etcd keeps its data, without reading any of it. Rejects never. */
export async function readDataDir(
  dataDir: string,
  calls: Pick<DirectoryCalls, 'stat'>,
  signal: AbortSignal,
): Promise<DataDirState> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(longestMs)]);
  const stateOf = (error: unknown, whenMissing: DataDirState): DataDirState => {
    const { code } = faultOf(error);
    if (code === 'ENOENT') return whenMissing;
    if (code === 'ENOTDIR') return 'not-a-directory';
    return code === 'EACCES' || code === 'EPERM' ? 'unreadable' : 'unknown';
  };
  try {
    if (!(await calls.stat(dataDir, until)).isDirectory) return 'not-a-directory';
  } catch (error) {
    return stateOf(error, 'missing');
  }
  try {
    if (!(await calls.stat(join(dataDir, 'member'), until)).isDirectory) return 'no-member';
    // Below it, since whether a folder may be looked into shows only there.
    await calls.stat(join(dataDir, 'member', 'wal'), until).catch((error: unknown) => {
      if (stateOf(error, 'member') === 'unreadable') throw error;
    });
    return 'member';
  } catch (error) {
    return stateOf(error, 'no-member');
  }
}
