import { randomUUID } from 'node:crypto';
import { AgentError } from '../../cluster/agent-error.ts';
import type { JournalValue } from '../../cluster/caretaking.ts';
import { Fields, finite } from './fields.ts';

/** The format of every record that this version writes, and the newest that it reads. */
const FORMAT = 1;

/** Etcd takes 1.5 MiB in one request, a transaction of ours has more than one value, and every agent keeps all of them. */
const MAX_VALUE_BYTES = 100_000;

/** A value of the journal as it was read: parsing never throws. */
export type Parsed<T> =
  | { readonly kind: 'record'; readonly record: T }
  | { readonly kind: 'garbage' | 'newer'; readonly message: string };

/**
 * A record as JSON with its format. Every value that is written holds a token of its own, so that whoever lost the answer
 * to a write can tell by the value alone whether it went in. Throws `JOURNAL_TOO_LARGE`.
 */
export function encodeRecord(fields: Readonly<Record<string, unknown>>): Buffer {
  const value = Buffer.from(JSON.stringify({ format: FORMAT, token: randomUUID(), ...fields }));
  if (fits(value)) return value;
  const message = `A record of ${value.length} bytes is not written: the journal takes ${MAX_VALUE_BYTES} at most.`;
  throw new AgentError('JOURNAL_TOO_LARGE', message, {
    remedy: 'Report it: an operation remembers more than it may. Nothing was written.',
  });
}

/** Whether a value is small enough for the journal. */
export function fits(value: Buffer): boolean {
  return value.length < MAX_VALUE_BYTES;
}

/** Reads a record with `read`, which may throw on anything that it does not expect. */
export function parseRecord<T>(value: Buffer, read: (fields: Fields) => T): Parsed<T> {
  try {
    const json: JournalValue = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(value));
    const fields = new Fields(json);
    const format = fields.need('format', finite);
    if (format > FORMAT) {
      return { kind: 'newer', message: `It has format ${format}, and this version reads ${FORMAT} at most.` };
    }
    if (format !== FORMAT) return garbage(`there is no format ${format}`);
    return { kind: 'record', record: read(fields) };
  } catch (error) {
    // Also a RangeError of JSON.parse, where brackets are nested deeper than the stack.
    return garbage(error instanceof SyntaxError ? 'it is not JSON' : sentence(error));
  }
}

/** A value that cannot be read, for this reason. */
export function garbage(reason: string): Parsed<never> {
  return { kind: 'garbage', message: `It is not a record of ours: ${reason}.` };
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
