import { finite, list, text } from './fields.ts';
import { encodeRecord, type Parsed, parseRecord } from './format.ts';

/** What stands in every key of a spare epoch: for whom it was made, so that a key that is missing can be told. */
export interface SpareRecord {
  /** Member ids, each of which had a key. */
  readonly members: readonly string[];
  /** `lead.ttl` of whoever made it, which all go by: who claims it holds on no longer, who waits waits no less. */
  readonly ttlMs?: number;
}

/** The value of a spare epoch's keys. Throws `JOURNAL_TOO_LARGE`. */
export function encodeSpare(record: SpareRecord): Buffer {
  return encodeRecord({ ...record });
}

/** The value of a spare epoch's key, or why it cannot be read. */
export function parseSpare(value: Buffer): Parsed<SpareRecord> {
  return parseRecord(value, (fields) => ({
    members: fields.need('members', list(text)),
    ...fields.may('ttlMs', finite),
  }));
}
