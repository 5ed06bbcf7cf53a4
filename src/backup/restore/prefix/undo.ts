import { AgentError } from '../../../cluster/agent-error.ts';
import type { MemberClient } from '../../../etcd/member-client.ts';
import { type Apply, carryOut } from './carry-out.ts';
import { countSubtree } from './live-subtree.ts';
import { readUndoHeader } from './read-undo-file.ts';
import { refuseDangerous, subtreeOf } from './subtree.ts';
import { type DifferenceSummary, Tally, type WriteSummary } from './tally.ts';
import { undoDifferences } from './undo-differences.ts';
import { checkUndoPath } from './undo-file.ts';

export interface UndoRestoreOptions {
  /** That the restore has written. */
  readonly file: string;
  /** Of a member of the live cluster. */
  readonly live: MemberClient;
  /** Of the agents' own keys, which are never touched. */
  readonly ownPrefix: string;
  /** Keys of each kind that are told one by one. */
  readonly maxListed: number;
  /** Absent: it is only looked. */
  readonly apply?: Apply;
}

/** What is left of a restore to be undone, and what was. */
export interface UndoResult {
  readonly file: string;
  readonly subtree: string;
  /** When the restore began, as ISO 8601. */
  readonly restoredAt: string;
  readonly clusterId: string;
  readonly differences: DifferenceSummary;
  readonly writes?: WriteSummary;
  readonly undoFile?: string;
}

/**
 * Puts back what a restore of a subtree has replaced, by the same guarded way, with an undo file of its own. Keys that somebody
 * has written since then stay as they are. A lease that a key was under is taken again only where it still lives. Throws
 * `UNDO_FILE_INVALID`, `OTHER_CLUSTER`, `OUTPUT_EXISTS` and `EtcdError`.
 */
export async function undoRestore(options: UndoRestoreOptions, signal: AbortSignal): Promise<UndoResult> {
  const { file, live, apply } = options;
  const header = await readUndoHeader(file);
  const subtree = subtreeOf(header.prefix, { literal: header.literal });
  refuseDangerous(subtree, options.ownPrefix);
  if (apply !== undefined) await checkUndoPath(apply.undoFile);
  const { clusterId } = await countSubtree(live, subtree, signal);
  if (clusterId !== header.clusterId) {
    throw new AgentError('OTHER_CLUSTER', `${file} is of cluster ${header.clusterId}, and ${clusterId} answers.`, {
      remedy: 'Check the endpoint.',
    });
  }
  const tally = new Tally(options.maxListed);
  const { undoFile } = await carryOut(
    undoDifferences({ file, subtree, client: live, onEqual: () => tally.addEqual() }, signal),
    {
      ...{ client: live, clusterId, subtree, tally },
      leaseFor: async (lease, until) => ((await live.leaseTimes(lease, until)).ttlSeconds > 0 ? lease : undefined),
      ...(apply === undefined ? {} : { apply }),
    },
    signal,
  );
  return {
    ...{ file, subtree: subtree.name, restoredAt: header.at, clusterId, differences: tally.differences() },
    ...(apply === undefined ? {} : { writes: tally.writes() }),
    ...(undoFile === undefined ? {} : { undoFile }),
  };
}
