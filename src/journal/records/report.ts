import type { ReportRecord } from '../../cluster/caretaking.ts';
import { finite, map, oneOf, text } from './fields.ts';
import { encodeRecord, type Parsed, parseRecord } from './format.ts';

/** A report as it is stored. Throws `JOURNAL_TOO_LARGE`. */
export function encodeReport(record: ReportRecord): Buffer {
  return encodeRecord({ ...record });
}

/** A report, or why it cannot be read. */
export function parseReport(value: Buffer): Parsed<ReportRecord> {
  return parseRecord(value, (fields) => ({
    operationId: fields.need('operationId', text),
    step: fields.need('step', finite),
    memberId: fields.need('memberId', text),
    outcome: fields.need('outcome', oneOf(['succeeded', 'stopped', 'failed'])),
    ...fields.may('code', text),
    summary: fields.need('summary', text),
    figures: fields.need('figures', map(finite)),
  }));
}
