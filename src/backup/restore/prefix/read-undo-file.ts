import { createReadStream } from 'node:fs';
import { linesOf } from '../../delta/lines.ts';
import { parseUndoHeader, parseUndoLine, type UndoHeader, type UndoKey, undoInvalid } from './undo-format.ts';

/** A key that a restore was to write. */
export interface UndoEntry extends UndoKey {
  /** In which it was written; undefined: whether it was is not known. */
  readonly revision: bigint | undefined;
}

/** Reads the first line. Throws `UNDO_FILE_INVALID`, and what the system says of the file. */
export async function readUndoHeader(file: string): Promise<UndoHeader> {
  for await (const text of wholeLines(file)) return parseUndoHeader(text, file);
  throw undoInvalid(file, 'it has no first line, so nothing had been written when it was made');
}

/** All keys that were written, or may have been; those of one transaction are held at a time. Throws `UNDO_FILE_INVALID`. */
export async function* readUndoEntries(file: string): AsyncGenerator<UndoEntry, void, undefined> {
  let keys: UndoKey[] = [];
  let number = 0;
  for await (const text of wholeLines(file)) {
    number += 1;
    if (number === 1) continue;
    const line = parseUndoLine(text, file, number);
    if ('key' in line) {
      keys.push(line);
      continue;
    }
    if (line.revisions.length !== keys.length) throw undoInvalid(file, `line ${number} is of other keys`);
    for (const [index, key] of keys.entries()) {
      const revision = line.revisions[index] ?? undefined;
      if (revision !== undefined) yield { ...key, revision };
    }
    keys = [];
  }
  for (const key of keys) yield { ...key, revision: undefined };
}

/** A last line that is cut off was never durable, so that nothing was written after it. */
async function* wholeLines(file: string): AsyncGenerator<string, void, undefined> {
  const source = createReadStream(file);
  try {
    yield* linesOf(source);
  } catch (error) {
    if (source.errored !== null) throw error;
    if (!(error instanceof Error) || !error.message.includes('cut off')) throw error;
  } finally {
    source.destroy();
  }
}
