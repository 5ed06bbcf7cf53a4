import * as z from 'zod';
import { AgentError } from '../../../cluster/agent-error.ts';

/**
 * An undo file: lines of JSON. The first one says what it is of. Then, for each transaction, one line for each key with what
 * it replaced, and one with what became of them. Where the latter is missing, nobody knows.
 */
export const UNDO_FORMAT = 'etcd-caretaker-undo';

const base64 = z.base64().transform((text): Buffer => Buffer.from(text, 'base64'));
const decimal = z
  .string()
  .regex(/^-?\d{1,19}$/)
  .transform(BigInt);

const header = z.looseObject({
  format: z.literal(UNDO_FORMAT),
  version: z.literal(1),
  at: z.iso.datetime(),
  clusterId: z.string(),
  prefix: base64,
  literal: z.boolean(),
});
const line = z.union([
  z.object({ revisions: z.array(decimal.nullable()) }),
  z.object({
    key: base64,
    before: z.object({ value: base64, modRevision: decimal, lease: decimal }).nullable(),
    after: z.object({ bytes: z.int().nonnegative(), sha256: z.string(), lease: decimal }).nullable(),
  }),
]);

/** What a restore was of. */
export type UndoHeader = z.infer<typeof header>;
/** What became of the keys since the last such line: in which revision each was written; null: it was not. */
export type UndoRevisions = Extract<z.infer<typeof line>, { readonly revisions: unknown }>;
/** A key as it was found, and as it was to be. */
export type UndoKey = Exclude<z.infer<typeof line>, UndoRevisions>;

/** Throws `UNDO_FILE_INVALID`. */
export function parseUndoHeader(text: string, file: string): UndoHeader {
  return parsed(header, text, file, 1);
}

/** Throws `UNDO_FILE_INVALID`. @param number of the line, from 1 */
export function parseUndoLine(text: string, file: string, number: number): UndoKey | UndoRevisions {
  return parsed(line, text, file, number);
}

/** One line with its end: bytes in base64, numbers in decimal text. */
export function undoLine(line: object): string {
  return `${JSON.stringify(line, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}\n`;
}

export function undoInvalid(file: string, what: string, cause?: unknown): AgentError {
  return new AgentError('UNDO_FILE_INVALID', `${file} is no undo file that this version understands: ${what}.`, {
    remedy: 'Give the file that `restore --prefix … --apply` has written and named.',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Values stay out of the message. */
function parsed<T>(schema: z.ZodType<T>, text: string, file: string, number: number): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw undoInvalid(file, `line ${number} is no JSON`, cause);
  }
  const result = schema.safeParse(json);
  if (!result.success) throw undoInvalid(file, `line ${number} is none of its lines`);
  return result.data;
}
