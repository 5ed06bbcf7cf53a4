import { readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { DiskRole } from '../cluster/sections.ts';

/** Where etcd keeps its files. */
export interface MemberDirectories {
  /** `--data-dir`. */
  readonly dataDir: string;
  /** `--wal-dir`, or `<dataDir>/member/wal`. */
  readonly walDir: string;
}

/** The probe's file, or why there is none. `same-device`: the data lies on the WAL's device, one probe tells for both. */
export type ProbePlace =
  | { readonly kind: 'file'; readonly directory: string; readonly path: string }
  | { readonly kind: 'idle'; readonly reason: string }
  | { readonly kind: 'same-device' };

/** Name of the probe's file. */
export const probeFileName = '.etcd-caretaker-fsync-probe';

/**
 * Finds the place for the probe of one role. Etcd warns at its start of strange names in the data dir and in the WAL
 * dir, but not in `member/`, and not of `*.tmp` in the WAL dir (tried on 3.4.23 and 3.5.30): so the file lies in
 * `member/` where that is on the same device, else in the WAL dir with the suffix `.tmp`. Nothing is put where etcd has
 * not written anything yet: a restore wants an empty folder.
 * Blocks as long as the disk does. Throws system errors other than missing folders and missing rights.
 */
export function probePlace(role: DiskRole, directories: MemberDirectories): ProbePlace {
  try {
    return role === 'wal' ? walPlace(directories) : dataPlace(directories);
  } catch (error) {
    const reason = idleReason(error);
    if (reason === undefined) throw error;
    return { kind: 'idle', reason };
  }
}

/** What a missing folder or a missing right means for the probe; undefined for any other error, such as a disk's. */
export function idleReason(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return `waits for etcd to write here: ${error.message}`;
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    return `not allowed: ${error.message}; run the agent as etcd's user`;
  }
  return undefined;
}

function walPlace({ walDir }: MemberDirectories): ProbePlace {
  const directory = realpathSync(walDir);
  if (!readdirSync(directory).some((name) => name.endsWith('.wal'))) {
    return { kind: 'idle', reason: `waits for etcd to write its first WAL file in ${walDir}` };
  }
  const parent = memberFolderOf(directory);
  return parent === undefined ? fileIn(directory, `${probeFileName}.tmp`) : fileIn(parent, probeFileName);
}

function dataPlace({ dataDir, walDir }: MemberDirectories): ProbePlace {
  const directory = realpathSync(join(dataDir, 'member', 'snap'));
  if (statSync(directory).dev === statSync(walDir).dev) return { kind: 'same-device' };
  const parent = memberFolderOf(directory);
  if (parent !== undefined) return fileIn(parent, probeFileName);
  return { kind: 'idle', reason: `${directory} is a mount of its own: a file there would disturb etcd` };
}

function memberFolderOf(directory: string): string | undefined {
  const parent = dirname(directory);
  if (basename(parent) !== 'member') return undefined;
  const [above, below]: Stats[] = [statSync(parent), statSync(directory)];
  return above?.dev === below?.dev ? parent : undefined;
}

function fileIn(directory: string, name: string): ProbePlace {
  return { kind: 'file', directory, path: join(directory, name) };
}
