import { dirname } from 'node:path';
import { AgentError } from '../../cluster/agent-error.ts';
import type { EtcdBinaries } from '../../distribution/find-binaries.ts';
import type { Store } from '../store/store.ts';
import type { Decryption } from './decrypting.ts';
import { diskFullOr } from './disk-full.ts';
import { requireNewest } from './newest-revision.ts';
import {
  clearTheWay,
  type InTheWay,
  makeOutput,
  putInPlace,
  type RestoreOutput,
  removeFolder,
  targetsOf,
  walDirsOf,
} from './output.ts';
import { type Restored, type RestoreProgress, restoreIntoScratch } from './restored-scratch.ts';
import { canBumpRevision } from './restorer.ts';
import type { RestoreTarget } from './target.ts';
import { othersBeside, workFolder } from './work-folder.ts';

/** By how much the newest revision is raised for Kubernetes, whose components remember revisions. */
export const BUMP_REVISION_BY = 1_000_000_000n;

export interface RestoreOptions {
  /** Its place is that of the timeline. */
  readonly store: Store;
  readonly target: RestoreTarget;
  readonly output: RestoreOutput;
  readonly binaries: EtcdBinaries;
  readonly decryption?: Decryption;
  /** What is in the way is moved to `<path>.quarantine-<time>`; else it is refused. Nothing is ever overwritten. */
  readonly quarantine?: boolean;
  /** Asked before anything is done, and again before something is moved aside. */
  readonly refuseInUse?: InTheWay['refuseInUse'];
  readonly asideAs?: InTheWay['asideAs'];
  /** Raise the revision and mark all before it as compacted; default: for Kubernetes, where etcd's tool has it. */
  readonly bumpRevision?: boolean;
  readonly onProgress?: (progress: RestoreProgress) => void;
}

export interface RestoreResult extends Restored {
  readonly outputs: readonly string[];
  /** What was in the way, by where it is now. */
  readonly quarantined: readonly string[];
  /** By how much the revision was raised, where it was. */
  readonly bumpedBy?: bigint;
  /** It is a Kubernetes store, and the tool could not raise its revision: its components must be restarted. */
  readonly bumpMissing: boolean;
  /** Folders of restores to the same target that were killed; or of one that runs elsewhere: so they are only told. */
  readonly leftovers: readonly string[];
  readonly writeMs: number;
  readonly totalMs: number;
}

/**
 * Restores a store into data dirs or a snapshot file. Everything is made in a folder beside the target and put in its place at
 * the very end, by renaming: whatever ends it before, the target is as it was. Throws `DATA_DIR_EXISTS` or `OUTPUT_EXISTS`,
 * `BUMP_NOT_POSSIBLE`, `RESTORE_DISK_FULL`, and what `restoreIntoScratch` and `refuseInUse` throw.
 */
export async function restore(options: RestoreOptions, signal: AbortSignal): Promise<RestoreResult> {
  const { output, quarantine = false, refuseInUse, asideAs, onProgress } = options;
  const beganMs = performance.now();
  if (options.bumpRevision === true) await requireBump(options, signal);
  const how = {
    quarantine,
    ...(refuseInUse === undefined ? {} : { refuseInUse }),
    ...(asideAs === undefined ? {} : { asideAs }),
  };
  await clearTheWay(output, how, signal);
  const [target = '.'] = targetsOf(output);
  const [wal] = walDirsOf(output);
  const leftovers = [...(await othersBeside(target)), ...(wal === undefined ? [] : await othersBeside(wal))];
  const folder = await workFolder(target);
  let walFolder: string | undefined;
  try {
    walFolder = wal === undefined ? undefined : await workFolder(wal);
    const { restored, scratch, snapshotFile } = await restoreIntoScratch({ ...options, folder }, {}, signal);
    await using _ = scratch;
    const wantsBump = output.kind === 'data-dirs' && (options.bumpRevision ?? restored.full.kubernetes);
    const bumps = wantsBump && (await canBumpRevision(options.binaries, signal));
    const startedMs = performance.now();
    onProgress?.({ phase: 'write', done: 0, total: 1 });
    const database = await scratch?.stop();
    if (database !== undefined) await requireNewest(database, restored.revision);
    const source = { file: database ?? snapshotFile, hasHash: database === undefined };
    const bump = bumps ? { bumpRevisionBy: BUMP_REVISION_BY } : {};
    const into = walFolder === undefined ? { folder } : { folder, walFolder };
    const point = { timeline: restored.full.timeline, revision: restored.revision };
    const made = await makeOutput(output, { binaries: options.binaries, source, point, ...into, ...bump }, signal);
    signal.throwIfAborted();
    const quarantined = await putInPlace(made, output, how, signal);
    return {
      ...restored,
      outputs: targetsOf(output),
      quarantined,
      ...(bumps ? { bumpedBy: BUMP_REVISION_BY } : {}),
      bumpMissing: wantsBump && !bumps,
      leftovers,
      writeMs: performance.now() - startedMs,
      totalMs: performance.now() - beganMs,
    };
  } catch (error) {
    throw signal.aborted ? error : diskFullOr(error, dirname(folder));
  } finally {
    await removeFolder(folder);
    if (walFolder !== undefined) await removeFolder(walFolder);
  }
}

/** Whoever asks for it relies on it: to go on without would break the caches of Kubernetes. */
async function requireBump({ output, binaries }: RestoreOptions, signal: AbortSignal): Promise<void> {
  if (output.kind !== 'data-dirs') {
    throw new AgentError(
      'BUMP_NOT_POSSIBLE',
      'The revision is raised while a data dir is made, and not in a snapshot file.',
      {
        remedy: 'Ask for data dirs, or raise it with `etcdutl snapshot restore --bump-revision` afterwards.',
      },
    );
  }
  if (await canBumpRevision(binaries, signal)) return;
  throw new AgentError(
    'BUMP_NOT_POSSIBLE',
    `${binaries.restorer} cannot raise the revision: etcdutl of 3.5.16 and newer can.`,
    {
      remedy:
        'Name a folder with a newer one by --bin, or leave --bump-revision out and restart all components of Kubernetes.',
    },
  );
}
