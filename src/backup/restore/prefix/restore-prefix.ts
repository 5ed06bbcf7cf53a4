import { mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentError } from '../../../cluster/agent-error.ts';
import type { EtcdBinaries } from '../../../distribution/find-binaries.ts';
import type { MemberClient } from '../../../etcd/member-client.ts';
import type { Store } from '../../store/store.ts';
import type { Decryption } from '../decrypting.ts';
import { removeFolder } from '../output.ts';
import { type Restored, type RestoreProgress, restoreIntoScratch } from '../restored-scratch.ts';
import type { RestoreTarget } from '../target.ts';
import { type Apply, carryOut } from './carry-out.ts';
import { differences } from './difference.ts';
import { kubernetesNotes } from './kubernetes-notes.ts';
import { LeasesAgain } from './leases-again.ts';
import { countSubtree, type SubtreeCount } from './live-subtree.ts';
import { readKeys } from './read-keys.ts';
import { refuseDangerous, type Subtree } from './subtree.ts';
import { type DifferenceSummary, Tally, type WriteSummary } from './tally.ts';
import { checkUndoPath } from './undo-file.ts';

export interface RestorePrefixOptions {
  /** Its place is that of the timeline. */
  readonly store: Store;
  readonly target: RestoreTarget;
  readonly binaries: EtcdBinaries;
  readonly decryption?: Decryption;
  readonly subtree: Subtree;
  /** Of a member of the live cluster. */
  readonly live: MemberClient;
  /** Of the agents' own keys, which are never touched. */
  readonly ownPrefix: string;
  /** Delete keys that were not there then. */
  readonly deleteExtra: boolean;
  /** Change keys under a lease too: see `LeasesAgain`. */
  readonly withLeased: boolean;
  /** Compare with the cluster as of then, so that what was written since is left alone; absent: as it is now. */
  readonly liveRevision?: bigint;
  /** The backup may be of another cluster than the live one. */
  readonly otherCluster: boolean;
  /** Below it a folder is made for the time of the restore; it needs room for the database and what is replayed. */
  readonly workFolder: string;
  /** Keys of each kind that are told one by one. */
  readonly maxListed: number;
  /** Absent: it is only looked. */
  readonly apply?: Apply;
  readonly onProgress?: (progress: PrefixProgress) => void;
}

export type PrefixProgress =
  | RestoreProgress
  | { readonly phase: 'compare'; readonly done: number; readonly total: number };

/** How a subtree then and now differ, and what was written of it. */
export interface PrefixRestoreResult {
  readonly subtree: string;
  readonly restored: Restored;
  /** Of the live cluster; the backup may be of another. */
  readonly clusterId: string;
  /** At which the cluster was compared; the last one where it compacted one away meanwhile. */
  readonly liveRevision: bigint;
  readonly differences: DifferenceSummary;
  /** Absent where it was only looked. */
  readonly writes?: WriteSummary;
  /** Absent where nothing was replaced. */
  readonly undoFile?: string;
  /** What a person should know of it, sentences. */
  readonly notes: readonly string[];
  /** Folders of restores that were killed; or of one that runs elsewhere: so they are only told. */
  readonly leftovers: readonly string[];
}

const FOLDER_PREFIX = '.caretaker-prefix-';

/**
 * Compares a subtree of a live cluster with what it was at some point, and writes it back where that is asked for; nothing outside
 * of it is touched. Throws `USAGE` for a prefix that nobody can mean, `OUTPUT_EXISTS`, `PREFIX_EMPTY`, `PREFIX_WOULD_BE_WIPED`,
 * `OTHER_CLUSTER`, `POINT_LOST`, `DIFF_OUTDATED`, `EtcdError`, and what `restoreIntoScratch` throws.
 */
export async function restorePrefix(options: RestorePrefixOptions, signal: AbortSignal): Promise<PrefixRestoreResult> {
  const { subtree, live, apply, workFolder } = options;
  refuseDangerous(subtree, options.ownPrefix);
  if (apply !== undefined) await checkUndoPath(apply.undoFile);
  // Before the long part: that it answers, and that this user may read there.
  const now = await countSubtree(live, subtree, signal);
  await mkdir(workFolder, { recursive: true, mode: 0o700 });
  const leftovers = await othersIn(workFolder);
  const folder = await mkdtemp(join(workFolder, FOLDER_PREFIX));
  try {
    const { restored, scratch } = await restoreIntoScratch({ ...options, folder }, { always: true }, signal);
    await using _ = scratch;
    if (scratch === undefined) throw new Error('there is no scratch etcd');
    const then = await countSubtree(scratch.client, subtree, signal);
    refuseWrong(options, restored, then, now);
    const compared = await compare(
      options,
      { scratch: scratch.client, revision: restored.revision, then, now },
      signal,
    );
    return {
      ...{ subtree: subtree.name, restored, clusterId: now.clusterId, ...compared, leftovers },
      notes: notesOf(options, restored, now.clusterId),
    };
  } finally {
    await removeFolder(folder);
  }
}

type Compared = Pick<PrefixRestoreResult, 'liveRevision' | 'differences' | 'writes' | 'undoFile'>;

interface Sides {
  readonly scratch: MemberClient;
  /** To which it was restored: a lease that ended since would delete its keys in a later one. */
  readonly revision: bigint;
  readonly then: SubtreeCount;
  readonly now: SubtreeCount;
}

async function compare(
  options: RestorePrefixOptions,
  { scratch, revision, then, now }: Sides,
  signal: AbortSignal,
): Promise<Compared> {
  const { subtree, live, deleteExtra, withLeased, apply, onProgress } = options;
  const { ranges } = subtree;
  const tally = new Tally(options.maxListed);
  const total = Math.max(then.keys, now.keys);
  const progress = (): void => onProgress?.({ phase: 'compare', done: Math.min(tally.compared, total), total });
  let liveRevision = options.liveRevision ?? 0n;
  const leases = new LeasesAgain(scratch, live);
  const { undoFile } = await carryOut(
    differences(
      readKeys({ client: scratch, ranges, revision }, signal),
      readKeys(
        {
          ...{ client: live, ranges },
          ...(options.liveRevision === undefined ? {} : { revision: options.liveRevision }),
          onRevision: (read) => {
            liveRevision = read;
          },
        },
        signal,
      ),
      {
        ...{ deleteExtra, withLeased },
        onEqual: () => {
          tally.addEqual();
          progress();
        },
      },
    ),
    {
      ...{ client: live, clusterId: now.clusterId, subtree, tally },
      leaseFor: (lease, until) => leases.leaseFor(lease, until),
      ...(apply === undefined ? {} : { apply }),
      onProgress: progress,
    },
    signal,
  );
  return {
    liveRevision,
    differences: tally.differences(),
    ...(apply === undefined ? {} : { writes: tally.writes() }),
    ...(undoFile === undefined ? {} : { undoFile }),
  };
}

function refuseWrong(
  { subtree, apply, deleteExtra, otherCluster }: RestorePrefixOptions,
  { revision, lost, full }: Restored,
  then: SubtreeCount,
  now: SubtreeCount,
): void {
  const { name } = subtree;
  if (then.keys === 0 && now.keys === 0) {
    throw new AgentError('PREFIX_EMPTY', `Neither revision ${revision} nor the cluster has a key at ${name}.`, {
      remedy:
        'Check the spelling. Without a slash at its end it is one key and what is below it; --literal-prefix takes every key that begins so.',
    });
  }
  if (then.keys === 0 && deleteExtra) {
    throw new AgentError(
      'PREFIX_WOULD_BE_WIPED',
      `Revision ${revision} has no key at ${name}: with --delete-extra all ${now.keys} keys of the cluster would go.`,
      { remedy: 'Check the point and the prefix. If they are to go, `etcdctl del --prefix` says so.' },
    );
  }
  if (apply === undefined) return;
  if (lost !== undefined) {
    throw new AgentError(
      'POINT_LOST',
      `The store cannot be brought further than to revision ${revision}: ${lost.from} to ${lost.to} are lost. Nothing was written.`,
      { remedy: `If that is new enough, ask for it: --to-revision ${revision}.` },
    );
  }
  if (full.clusterId !== now.clusterId && !otherCluster) {
    throw new AgentError(
      'OTHER_CLUSTER',
      `The backup is of cluster ${full.clusterId}, and ${now.clusterId} answers at the endpoint. Nothing was written.`,
      { remedy: 'Check the endpoint and the store. After a restore, or to copy between clusters: --other-cluster.' },
    );
  }
}

function notesOf({ subtree, withLeased }: RestorePrefixOptions, { full, note }: Restored, clusterId: string): string[] {
  return [
    ...(note === undefined ? [] : [note]),
    ...(full.clusterId === clusterId ? [] : [`The backup is of another cluster, ${full.clusterId}.`]),
    ...(withLeased ? ['Keys that had a lease get a new one of the same length, which nobody keeps alive.'] : []),
    ...kubernetesNotes(subtree.prefix),
  ];
}

async function othersIn(workFolder: string): Promise<readonly string[]> {
  const names = await readdir(workFolder);
  return names.filter((name) => name.startsWith(FOLDER_PREFIX)).map((name) => join(workFolder, name));
}
