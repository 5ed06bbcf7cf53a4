import type { Slot } from '../../cluster/caretaking.ts';
import { decimal, finite, list, object, text } from './fields.ts';
import { type Parsed, parseRecord } from './format.ts';
import { encodeWithSteps, steps } from './steps.ts';

/** The slot as it is stored. Throws `JOURNAL_TOO_LARGE`. */
export function encodeSlot(slot: Slot): Buffer {
  return encodeWithSteps({ ...slot, epoch: String(slot.epoch) });
}

/** The slot, or why it cannot be read. */
export function parseSlot(value: Buffer): Parsed<Slot> {
  return parseRecord(value, (fields) => ({
    id: fields.need('id', text),
    operation: fields.need('operation', text),
    operationVersion: fields.need('operationVersion', finite),
    targets: fields.need('targets', list(text)),
    phase: fields.need('phase', text),
    epoch: fields.need('epoch', decimal),
    holder: fields.need('holder', text),
    startedAtMs: fields.need('startedAtMs', finite),
    phaseAtMs: fields.need('phaseAtMs', finite),
    reasons: fields.need('reasons', list(text)),
    ...fields.may('requestedBy', text),
    parameters: fields.need('parameters', object),
    progress: fields.need('progress', object),
    steps: fields.need('steps', steps),
  }));
}
