import type { RequestRecord } from '../../cluster/caretaking.ts';
import { finite, text, yes } from './fields.ts';
import { encodeRecord, type Parsed, parseRecord } from './format.ts';

/** A request as it is stored. Throws `JOURNAL_TOO_LARGE`. */
export function encodeRequest(record: RequestRecord): Buffer {
  return encodeRecord({ ...record });
}

/** A request, or why it cannot be read. */
export function parseRequest(value: Buffer): Parsed<RequestRecord> {
  return parseRecord(value, (fields) => ({
    id: fields.need('id', text),
    operation: fields.need('operation', text),
    ...fields.may('target', text),
    ...fields.may('to', text),
    ...fields.may('rehearse', yes),
    by: fields.need('by', text),
    atMs: fields.need('atMs', finite),
  }));
}
