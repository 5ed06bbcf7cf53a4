import type { DeltaEvent, DeltaRecord, RevisionBatch } from './revision-batch.ts';

/** One event as it stands in a line: keys and values in base64, revisions and leases in decimal text. */
type EventJson =
  | {
      readonly put: string;
      readonly value: string;
      readonly create: string;
      readonly version: string;
      readonly lease: string;
    }
  | { readonly delete: string };

const NOTHING = Buffer.alloc(0);
const DECIMAL = /^-?\d{1,19}$/;

/** One record as one line of a segment, with the line's end. */
export function encodeRecord(record: DeltaRecord): string {
  return record.kind === 'lease'
    ? `${JSON.stringify({ lease: String(record.grant.id), ttl: record.grant.ttlSeconds })}\n`
    : encodeBatch(record.batch);
}

/** Whether a line is that of a lease, by its beginning. */
export function isLeaseLine(line: string): boolean {
  return line.startsWith('{"lease":');
}

/** What one revision changed, as one line with its end. */
export function encodeBatch({ revision, events, seenAtMs }: RevisionBatch): string {
  return `${JSON.stringify({ revision: String(revision), at: seenAtMs, events: events.map(eventJson) })}\n`;
}

/** Reads a line without its end. Throws a plain `Error` that says what is wrong with it: the caller knows where it stood. */
export function decodeRecord(line: string): DeltaRecord {
  const json: unknown = JSON.parse(line);
  if (typeof json !== 'object' || json === null) throw new Error('a line is no record');
  if ('lease' in json) {
    const ttlSeconds = 'ttl' in json ? json.ttl : undefined;
    if (typeof ttlSeconds !== 'number' || !Number.isSafeInteger(ttlSeconds)) throw new Error('a lease has no TTL');
    return { kind: 'lease', grant: { id: integer(json.lease), ttlSeconds } };
  }
  if (!('revision' in json) || !('events' in json) || !Array.isArray(json.events)) {
    throw new Error('a line is neither a lease nor a revision');
  }
  const batch = { revision: integer(json.revision), events: json.events.map(readEvent) };
  if (!('at' in json)) return { kind: 'revision', batch };
  if (typeof json.at !== 'number' || !Number.isSafeInteger(json.at)) throw new Error('a time is no whole number');
  return { kind: 'revision', batch: { ...batch, seenAtMs: json.at } };
}

function eventJson({ type, key, value, createRevision, version, lease }: DeltaEvent): EventJson {
  return type === 'delete'
    ? { delete: key.toString('base64') }
    : {
        put: key.toString('base64'),
        value: value.toString('base64'),
        create: String(createRevision),
        version: String(version),
        lease: String(lease),
      };
}

function readEvent(json: unknown): DeltaEvent {
  if (typeof json !== 'object' || json === null) throw new Error('an event is none');
  if ('delete' in json) {
    return { type: 'delete', key: bytes(json.delete), value: NOTHING, createRevision: 0n, version: 0n, lease: 0n };
  }
  const { put, value, create, version, lease } = json as Readonly<Record<string, unknown>>;
  return {
    type: 'put',
    key: bytes(put),
    value: bytes(value),
    createRevision: integer(create),
    version: integer(version),
    lease: integer(lease),
  };
}

function bytes(text: unknown): Buffer {
  if (typeof text !== 'string') throw new Error('a key or value is no base64');
  const decoded = Buffer.from(text, 'base64');
  // What is no base64 is left out by it: a second look at every byte would cost a replay more than all of the decoding.
  if (decoded.length !== base64Bytes(text)) throw new Error('a key or value is no base64');
  return decoded;
}

/** So many bytes base64 text stands for, by its length and its padding; NaN where it has no such length. */
function base64Bytes(text: string): number {
  if (text.length % 4 !== 0) return Number.NaN;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return (text.length / 4) * 3 - padding;
}

function integer(text: unknown): bigint {
  if (typeof text !== 'string' || !DECIMAL.test(text)) throw new Error('a number is no decimal text');
  return BigInt(text);
}
