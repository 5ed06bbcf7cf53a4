import type { PauseRecord } from '../../cluster/caretaking.ts';
import { finite, text } from './fields.ts';
import { encodeRecord, type Parsed, parseRecord } from './format.ts';

/** A pause as it is stored. Throws `JOURNAL_TOO_LARGE`. */
export function encodePause(record: PauseRecord): Buffer {
  return encodeRecord({ ...record });
}

/** A pause, or why it cannot be read. */
export function parsePause(value: Buffer): Parsed<PauseRecord> {
  return parseRecord(value, (fields) => ({
    reason: fields.need('reason', text),
    by: fields.need('by', text),
    atMs: fields.need('atMs', finite),
    untilMs: fields.need('untilMs', finite),
  }));
}
