import type { JournaledStep } from '../../cluster/caretaking.ts';
import { Fields, finite, list, type Read, text } from './fields.ts';
import { encodeRecord, fits } from './format.ts';

const step: Read<JournaledStep> = (value, path) => {
  const fields = new Fields(value, path);
  return {
    name: fields.need('name', text),
    ...fields.may('memberId', text),
    atMs: fields.need('atMs', finite),
    ...fields.may('detail', text),
  };
};

/** Reads the steps of an operation. */
export const steps: Read<readonly JournaledStep[]> = list(step);

/**
 * A record that has steps, as it is stored. Where it would be too large the oldest steps give way to one that says so: what an operation needs to go on is in its progress. Throws `JOURNAL_TOO_LARGE` where that does not help.
 */
export function encodeWithSteps(fields: {
  readonly steps: readonly JournaledStep[];
  readonly [name: string]: unknown;
}): Buffer {
  for (let leftOut = 0; leftOut < fields.steps.length; leftOut = leftOut * 2 + 1) {
    const kept = fields.steps.slice(leftOut);
    const value = Buffer.from(JSON.stringify({ ...fields, steps: [...marker(leftOut, kept), ...kept] }));
    // Format and token come on top.
    if (fits(Buffer.concat([value, ROOM])))
      return encodeRecord({ ...fields, steps: [...marker(leftOut, kept), ...kept] });
  }
  return encodeRecord({ ...fields, steps: [] });
}

const ROOM = Buffer.alloc(100);

function marker(leftOut: number, kept: readonly JournaledStep[]): readonly JournaledStep[] {
  if (leftOut === 0) return [];
  return [{ name: 'left-out', atMs: kept[0]?.atMs ?? 0, detail: 'Earlier steps are left out.' }];
}
