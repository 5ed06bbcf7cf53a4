import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import type { PrefixProgress } from '../../backup/restore/prefix/restore-prefix.ts';
import type { DifferenceSummary, WriteSummary } from '../../backup/restore/prefix/tally.ts';
import { untilInterrupted } from '../backup/interrupted.ts';
import { plain } from '../backup/plain.ts';
import { type Progress, ProgressBar } from '../backup/progress-bar.ts';
import { openPlace, type StoreFlags } from '../backup/store-flags.ts';
import { exitCodes } from '../exit-codes.ts';
import { printed } from '../printed.ts';
import { spinning } from '../spinner.ts';
import { liveConfig } from './live-config.ts';
import { type PointFlags, pointOf } from './point.ts';
import { listedOf, type PrefixFlags, subtreeFrom, undoFileOf } from './prefix-flags.ts';
import { sourceOf } from './source.ts';

export interface LiveRestoreFlags extends StoreFlags, PointFlags, PrefixFlags {
  readonly bin?: string;
  readonly format: 'table' | 'json' | 'yaml';
}

const INTERRUPTED =
  'It was interrupted. With --apply, what was written stays; run it again to go on, or go back with the undo file.';

/** Brings a subtree back into a live cluster, or undoes that: shows the difference, and writes it where it is told to. */
export async function restoreIntoLive(flags: LiveRestoreFlags): Promise<void> {
  if (flags.undo !== undefined) await undo(flags, resolve(flags.undo));
  else await restore(flags);
}

async function restore(flags: LiveRestoreFlags): Promise<void> {
  const target = pointOf(flags);
  const subtree = await subtreeFrom(flags);
  const config = await liveConfig(flags, process.env);
  const { refuseDangerous } = await import('../../backup/restore/prefix/subtree.ts');
  const ownPrefix = config.cluster.keyPrefix;
  refuseDangerous(subtree, ownPrefix);
  const { findBinaries } = await import('../../distribution/find-binaries.ts');
  const binaries = findBinaries(process.env, flags.bin);
  const { restorePrefix } = await import('../../backup/restore/prefix/restore-prefix.ts');
  const { withAnsweringMember } = await import('../answering-member.ts');
  const apply = await applyOf(flags);
  const result = await untilInterrupted(INTERRUPTED, async (signal) => {
    await using place = await spinning('looking into the store', () => openPlace(flags, 'one-cluster', signal));
    using bar = new ProgressBar();
    const { store, decryption } = place;
    const { deleteExtra = false, withLeased = false, otherCluster = false, liveRevision, workDir = tmpdir() } = flags;
    const options = {
      ...{ store, target, binaries, subtree, ownPrefix, deleteExtra, withLeased, otherCluster },
      ...(decryption === undefined ? {} : { decryption }),
      ...(liveRevision === undefined ? {} : { liveRevision }),
      workFolder: resolve(workDir),
      maxListed: listedOf(flags),
      ...apply,
      onProgress: (progress: PrefixProgress) => bar.show(shown(progress)),
    };
    const done = await withAnsweringMember(config, (live) => restorePrefix({ ...options, live }, signal), signal);
    return { ...done, from: sourceOf(place, done.restored) };
  });
  const { prefixText } = await import('./prefix-text.ts');
  await print(result, flags, prefixText);
  if (result.restored.lost !== undefined) process.exitCode = exitCodes.fault;
}

async function undo(flags: LiveRestoreFlags, file: string): Promise<void> {
  const config = await liveConfig(flags, process.env);
  const { undoRestore } = await import('../../backup/restore/prefix/undo.ts');
  const { readUndoHeader } = await import('../../backup/restore/prefix/read-undo-file.ts');
  // Before anybody is connected to.
  await readUndoHeader(file);
  const { withAnsweringMember } = await import('../answering-member.ts');
  const options = {
    ...{ file, ownPrefix: config.cluster.keyPrefix, maxListed: listedOf(flags) },
    ...(await applyOf(flags)),
  };
  const result = await untilInterrupted(INTERRUPTED, (signal) =>
    spinning('comparing with what was replaced', () =>
      withAnsweringMember(config, (live) => undoRestore({ ...options, live }, signal), signal),
    ),
  );
  const { undoText } = await import('./prefix-text.ts');
  await print(result, flags, undoText);
}

async function applyOf(flags: LiveRestoreFlags) {
  if (flags.apply !== true) return {};
  const { timeName } = await import('../../backup/names.ts');
  return {
    apply: {
      undoFile: undoFileOf(flags, timeName(Date.now())),
      // At once, so that it is known however this ends.
      onUndoFile: (path: string) => {
        process.stderr.write(`note: what is replaced is kept in ${path} (values and all: keep it as secret as etcd)\n`);
      },
    },
  };
}

async function print<T extends { readonly differences: DifferenceSummary; readonly writes?: WriteSummary }>(
  result: T,
  { format }: LiveRestoreFlags,
  text: (result: T) => string,
): Promise<void> {
  process.stdout.write(format === 'table' ? text(result) : await printed(plain(result), format));
  const { writes, differences } = result;
  const isLeft = writes !== undefined && (writes.unwritten > 0 || differences.counts['changed-since'].keys > 0);
  process.exitCode = isLeft ? exitCodes.fault : exitCodes.fine;
}

const WORDS = {
  fetch: ['reading', 'bytes'],
  start: ['starting', 'step'],
  replay: ['replaying', 'revisions'],
  write: ['writing', 'step'],
  compare: ['comparing', 'keys'],
} as const;

function shown({ phase, done, total }: PrefixProgress): Progress {
  const [what, unit] = WORDS[phase];
  return { what, done, total, unit };
}
