import type { ReplyHeader, WatchEvent, WatchRequest } from '../types.ts';
import { readKeyValue } from './kv.ts';
import { type Method, NO_HEADER, pathOf, readHeader } from './method.ts';
import { WireReader } from './reader.ts';
import { WireWriter } from './writer.ts';

export interface WatchReply {
  readonly header: ReplyHeader;
  readonly created: boolean;
  readonly canceled: boolean;
  /** Not 0n when the start revision is compacted. */
  readonly compactRevision: bigint;
  readonly cancelReason: string;
  /** More pieces of the same revision follow. */
  readonly fragment: boolean;
  readonly events: readonly WatchEvent[];
}

/** Watch.Watch, a stream both ways; the only request that is sent creates the one watcher. */
export const WATCH: Method<WatchRequest, WatchReply> = {
  name: 'Watch',
  path: pathOf('Watch', 'Watch'),
  readOnly: true,
  encode: encodeCreate,
  decode: decodeWatch,
};

function encodeCreate(request: WatchRequest): Buffer {
  const create = new WireWriter()
    .bytes(1, request.key)
    .bytes(2, request.rangeEnd)
    .integer(3, request.startRevision)
    .bool(4, request.progress ?? true)
    .bool(6, request.previous)
    // A revision larger than one message comes in pieces instead of not at all.
    .bool(8, true)
    .finish();
  return new WireWriter().message(1, create).finish();
}

function decodeWatch(reply: Buffer): WatchReply {
  const reader = new WireReader(reply);
  const end = reader.length;
  const events: WatchEvent[] = [];
  let header = NO_HEADER;
  let created = false;
  let canceled = false;
  let compactRevision = 0n;
  let cancelReason = '';
  let fragment = false;
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === 0x5a) events.push(readEvent(reader));
    else if (tag === 0x0a) header = readHeader(reader);
    else if (tag === 0x18) created = reader.bool();
    else if (tag === 0x20) canceled = reader.bool();
    else if (tag === 0x28) compactRevision = reader.int64();
    else if (tag === 0x32) cancelReason = reader.text();
    else if (tag === 0x38) fragment = reader.bool();
    else reader.skip(tag);
  }
  return { header, created, canceled, compactRevision, cancelReason, fragment, events };
}

/** mvccpb.Event. */
function readEvent(reader: WireReader): WatchEvent {
  const end = reader.messageEnd();
  let type: WatchEvent['type'] = 'put';
  let kv: WatchEvent['kv'] | undefined;
  let previous: WatchEvent['previous'];
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === 0x08) type = reader.number() === 1 ? 'delete' : 'put';
    else if (tag === 0x12) kv = readKeyValue(reader);
    else if (tag === 0x1a) previous = readKeyValue(reader);
    else reader.skip(tag);
  }
  if (kv === undefined) throw new RangeError('a watch event has no key');
  return { type, kv, ...(previous === undefined ? {} : { previous }) };
}
