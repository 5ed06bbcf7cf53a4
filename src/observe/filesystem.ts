import { linkedAbort } from '../abort/linked-abort.ts';
import { AgentError, faultOf } from '../cluster/agent-error.ts';
import type { FilesystemSection } from '../cluster/sections.ts';
import type { Collector } from './collector.ts';
import { type DirectoryCalls, silence } from './linux/directory-calls.ts';
import { readKernelFile } from './linux/kernel-file.ts';
import {
  isLocated,
  type MemberDirectories,
  type MissingDirectory,
  type RoleDirectory,
} from './linux/member-directories.ts';
import { parseMount, parseMountTable } from './linux/mount-table.ts';

type Filesystem = FilesystemSection['filesystems'][number];
type Unresolved = NonNullable<FilesystemSection['unresolved']>[number];

/** A `statfs` that takes longer is waited for no more. */
const PATIENCE_MS = 1000;

/** What the collector is given. */
export interface FilesystemCollectorOptions {
  readonly directories: MemberDirectories;
  readonly calls: DirectoryCalls;
}

/**
 * Space and inodes of the file systems under the WAL and the data dir, as a process without privileges has them, and
 * whether they have become read-only. A hung one is said and delays no other. Throws an AgentError
 * `FILESYSTEM_UNRESOLVED` when none could be asked.
 */
export function filesystemCollector({ directories, calls }: FilesystemCollectorOptions): Collector<'filesystem'> {
  async function read(
    directory: RoleDirectory | MissingDirectory,
    signal: AbortSignal,
  ): Promise<Filesystem | Unresolved> {
    const { role, path } = directory;
    if (!isLocated(directory)) return { role, path, reason: directory.unresolved };
    const patience = linkedAbort([signal], PATIENCE_MS);
    try {
      const space = await calls.statfs(directory.accessPath, patience.signal);
      return { role, path, ...space, readOnly: await isReadOnly(directory) };
    } catch (error) {
      signal.throwIfAborted();
      const hanging = silence(`statfs of ${path}`, calls);
      return { role, path, reason: patience.signal.aborted ? hanging : faultOf(error).message };
    } finally {
      patience.release();
    }
  }

  return {
    name: 'filesystem',
    collect: async ({ signal }) => {
      const located = await directories.locate(signal);
      const readings = await Promise.all(located.map((directory) => read(directory, signal)));
      const unresolved = readings.flatMap((reading) => ('reason' in reading ? reading : []));
      const filesystems = readings.flatMap((reading) => ('reason' in reading ? [] : reading));
      if (filesystems.length > 0) return { filesystems, ...(unresolved.length === 0 ? {} : { unresolved }) };
      throw new AgentError('FILESYSTEM_UNRESOLVED', [...new Set(unresolved.map(({ reason }) => reason))].join('; '), {
        remedy: 'set member.dataDir to the data dir as the agent sees it',
      });
    },
  };
}

/**
 * Read in every round: a file system becomes read-only while it is mounted, after an error of its disk. Only its own
 * line is parsed, for a busy node has thousands.
 */
async function isReadOnly({ mount, mountTable }: RoleDirectory): Promise<boolean> {
  const table = await readKernelFile(mountTable);
  const start = `\n${table}`.indexOf(`\n${mount.id} `);
  if (start >= 0) return parseMount(table.slice(start).split('\n', 1)[0] ?? '')?.readOnly ?? mount.readOnly;
  // Unmounted and mounted again in the same place: it has a new id.
  const again = parseMountTable(table).findLast(
    ({ mountPoint, device }) => mountPoint === mount.mountPoint && device === mount.device,
  );
  return again?.readOnly ?? mount.readOnly;
}
