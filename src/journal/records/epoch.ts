import { decimal } from './fields.ts';
import { garbage, type Parsed } from './format.ts';

/** The stored epoch as text, so that anybody can read it. */
export function encodeEpoch(epoch: bigint): Buffer {
  return Buffer.from(String(epoch));
}

/** The stored epoch, or why it cannot be read. */
export function parseEpoch(value: Buffer): Parsed<bigint> {
  try {
    return { kind: 'record', record: decimal(value.toString('utf8'), 'the epoch') };
  } catch (error) {
    return garbage(error instanceof Error ? error.message : String(error));
  }
}
