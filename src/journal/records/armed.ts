import type { ArmedRecord } from '../../cluster/caretaking.ts';
import { decimal, finite, list, text } from './fields.ts';
import { encodeRecord, type Parsed, parseRecord } from './format.ts';

/** The record of arming as it is stored. Throws `JOURNAL_TOO_LARGE`. */
export function encodeArmed(record: ArmedRecord): Buffer {
  return encodeRecord({ ...record, epoch: String(record.epoch) });
}

/** The record of arming, or why it cannot be read. */
export function parseArmed(value: Buffer): Parsed<ArmedRecord> {
  return parseRecord(value, (fields) => ({
    atMs: fields.need('atMs', finite),
    epoch: fields.need('epoch', decimal),
    members: fields.need('members', list(text)),
  }));
}
