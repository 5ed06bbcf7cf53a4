import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { AgentError } from '../../cluster/agent-error.ts';

/** The kernel stamps files with a clock that ticks every few ms: what changed in the tick of a look would look unchanged. */
const SETTLED_MS = 1000;

/** A look at some files. */
export interface FilesLook {
  readonly bytes: number;
  /** Equal only where names, inodes, sizes and times of change are. */
  readonly fingerprint: string;
  readonly newestChangeMs: number;
}

/** Looks at files without touching them. Throws what `stat` throws. */
export async function lookAt(paths: readonly string[]): Promise<FilesLook> {
  const stats = await Promise.all(paths.map((path) => stat(path, { bigint: true })));
  const lines = stats.map(({ ino, size, mtimeNs }, index) => `${paths[index]} ${ino} ${size} ${mtimeNs}`);
  return {
    bytes: stats.reduce((sum, { size }) => sum + Number(size), 0),
    fingerprint: createHash('sha256').update(lines.join('\n')).digest('hex'),
    newestChangeMs: Math.max(...stats.map(({ mtimeMs }) => Number(mtimeMs))),
  };
}

/**
 * Does `work` on files that nobody else changes meanwhile: only then a copy is of one moment, as a power cut would have left it.
 * Throws `LAST_GASP_SOURCE_CHANGED` where somebody did, or has just done so.
 * @param files asked before and after: there may be more of them then
 */
export async function whileUnchanged<T>(files: () => Promise<readonly string[]>, work: () => Promise<T>): Promise<T> {
  const before = await lookAt(await files());
  if (Date.now() - before.newestChangeMs < SETTLED_MS) throw changed('has just changed');
  const result = await work();
  const after = await lookAt(await files());
  if (after.fingerprint !== before.fingerprint) throw changed('changed while it was copied');
  return result;
}

function changed(how: string): AgentError {
  return new AgentError('LAST_GASP_SOURCE_CHANGED', `What was to be copied ${how}: etcd writes to it.`, {
    remedy: 'Nothing: the copy is thrown away, and it is tried again while there is no quorum.',
  });
}
