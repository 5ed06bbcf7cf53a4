import type { HistoryEntry } from '../../cluster/caretaking.ts';
import { decimal, finite, list, map, oneOf, text } from './fields.ts';
import { type Parsed, parseRecord } from './format.ts';
import { encodeWithSteps, steps } from './steps.ts';

/** An entry of the history as it is stored; figures that are not finite are left out. Throws `JOURNAL_TOO_LARGE`. */
export function encodeHistory(entry: HistoryEntry): Buffer {
  const figures = Object.fromEntries(Object.entries(entry.figures).filter(([, figure]) => Number.isFinite(figure)));
  return encodeWithSteps({ ...entry, figures, revision: String(entry.revision), epoch: String(entry.epoch) });
}

/** An entry of the history, or why it cannot be read. */
export function parseHistory(value: Buffer): Parsed<HistoryEntry> {
  return parseRecord(value, (fields) => ({
    revision: fields.need('revision', decimal),
    id: fields.need('id', text),
    operation: fields.need('operation', text),
    outcome: fields.need('outcome', oneOf(['succeeded', 'stopped', 'failed', 'refused'])),
    epoch: fields.need('epoch', decimal),
    holder: fields.need('holder', text),
    targets: fields.need('targets', list(text)),
    startedAtMs: fields.need('startedAtMs', finite),
    endedAtMs: fields.need('endedAtMs', finite),
    seconds: fields.need('seconds', finite),
    reasons: fields.need('reasons', list(text)),
    summary: fields.need('summary', text),
    ...fields.may('code', text),
    ...fields.may('requestedBy', text),
    steps: fields.need('steps', steps),
    figures: fields.need('figures', map(finite)),
  }));
}
