import { AgentError, faultOf } from '../../../cluster/agent-error.ts';
import { batchesOf } from './batches.ts';
import { GuardedWriter, type GuardedWriterOptions } from './guarded-writer.ts';
import { isWritten, type KeyDifference } from './key-change.ts';
import type { Tally } from './tally.ts';
import { UndoFile, type UndoFileOptions } from './undo-file.ts';

/** That differences are to be written, and not only looked at. */
export interface Apply {
  /** Where what is replaced is kept. */
  readonly undoFile: string;
  /** Hears that it was made, before anything is written. */
  readonly onUndoFile?: (path: string) => void;
}

export interface CarryOut extends Pick<UndoFileOptions, 'clusterId' | 'subtree'> {
  readonly client: GuardedWriterOptions['client'];
  readonly leaseFor: GuardedWriterOptions['leaseFor'];
  readonly tally: Tally;
  /** Absent: nothing is written. */
  readonly apply?: Apply;
  readonly onProgress?: () => void;
}

/**
 * Counts differences and, where it is asked for, writes them, a transaction after the other, each kept in the undo file before.
 * Says whether there is an undo file now. What stops it midway is thrown with its own code and how far it came: whoever runs
 * it again goes on, as what is equal then is not written.
 */
export async function carryOut(
  differences: AsyncIterable<KeyDifference>,
  options: CarryOut,
  signal: AbortSignal,
): Promise<{ readonly undoFile?: string }> {
  const { apply, client, leaseFor, tally, onProgress } = options;
  const counted = countedOnly(differences, tally, onProgress);
  if (apply === undefined) {
    for await (const _ of counted);
    return {};
  }
  const writer = new GuardedWriter({ client, leaseFor });
  let undo: UndoFile | undefined;
  try {
    for await (const batch of batchesOf(counted)) {
      undo ??= await begun(options, apply);
      await undo.replacing(batch);
      signal.throwIfAborted();
      const outcomes = await writer.write(batch, signal);
      await undo.made(outcomes);
      tally.addOutcomes(outcomes);
    }
  } catch (error) {
    throw signal.aborted || undo === undefined ? error : stopped(error, tally.written, undo.path);
  } finally {
    await undo?.[Symbol.asyncDispose]();
  }
  return undo === undefined ? {} : { undoFile: undo.path };
}

/** Those that are to be written; all are counted. */
async function* countedOnly(
  differences: AsyncIterable<KeyDifference>,
  tally: Tally,
  onProgress?: () => void,
): AsyncGenerator<KeyDifference, void, undefined> {
  for await (const difference of differences) {
    tally.add(difference);
    onProgress?.();
    if (isWritten(difference)) yield difference;
  }
}

async function begun({ clusterId, subtree }: CarryOut, { undoFile, onUndoFile }: Apply): Promise<UndoFile> {
  const undo = await UndoFile.create({ path: undoFile, clusterId, subtree });
  onUndoFile?.(undo.path);
  return undo;
}

function stopped(cause: unknown, written: number, undoFile: string): AgentError {
  const { code, message, member, remedy } = faultOf(cause);
  const before = remedy === undefined ? '' : `${remedy} Then run it again: `;
  return new AgentError(
    code,
    `It stopped after ${written} keys, which stay as they were written (the last transaction may have been made too): ${message}`,
    {
      ...(member === undefined ? {} : { member }),
      remedy: `${before}${before === '' ? 'Run it again: ' : ''}it goes on, with another undo file. To go back: --undo ${undoFile}.`,
      cause,
    },
  );
}
