import type { LeaderRecord } from '../../cluster/caretaking.ts';
import { decimal, finite, text } from './fields.ts';
import { encodeRecord, type Parsed, parseRecord } from './format.ts';

/** The leader's record as it is stored. Throws `JOURNAL_TOO_LARGE`. */
export function encodeLeader(record: LeaderRecord): Buffer {
  return encodeRecord({ ...record, epoch: String(record.epoch) });
}

/** The leader's record, or why it cannot be read. */
export function parseLeader(value: Buffer): Parsed<LeaderRecord> {
  return parseRecord(value, (fields) => ({
    memberId: fields.need('memberId', text),
    member: fields.need('member', text),
    instance: fields.need('instance', text),
    epoch: fields.need('epoch', decimal),
    sinceMs: fields.need('sinceMs', finite),
  }));
}
