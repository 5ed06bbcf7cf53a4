import type { KeyValue, RangePage, RangeRequest } from '../types.ts';
import { type Method, NO_HEADER, pathOf, readHeader } from './method.ts';
import { WireReader } from './reader.ts';
import { WireWriter } from './writer.ts';

const EMPTY: Buffer = Buffer.alloc(0);

/** KV.Range. Keys and values of the reply are views of one buffer: copy what is to outlive the page. */
export const RANGE: Method<RangeRequest, RangePage> = {
  name: 'Range',
  path: pathOf('KV', 'Range'),
  readOnly: true,
  encode: encodeRange,
  decode: decodeRange,
};

function encodeRange(request: RangeRequest): Buffer {
  return new WireWriter()
    .bytes(1, request.key)
    .bytes(2, request.rangeEnd)
    .integer(3, request.limit)
    .integer(4, request.revision)
    .bool(7, request.serializable)
    .bool(8, request.keysOnly)
    .bool(9, request.countOnly)
    .finish();
}

function decodeRange(reply: Buffer): RangePage {
  const reader = new WireReader(reply);
  const end = reader.length;
  const kvs: KeyValue[] = [];
  let header = NO_HEADER;
  let more = false;
  let count = 0;
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === 0x12) kvs.push(readKeyValue(reader));
    else if (tag === 0x0a) header = readHeader(reader);
    else if (tag === 0x18) more = reader.bool();
    else if (tag === 0x20) count = reader.number();
    else reader.skip(tag);
  }
  return { header, kvs, more, count };
}

/** mvccpb.KeyValue; without its length before it where `end` is given. */
export function readKeyValue(reader: WireReader, end = reader.messageEnd()): KeyValue {
  let key = EMPTY;
  let value = EMPTY;
  let createRevision = 0n;
  let modRevision = 0n;
  let version = 0n;
  let lease = 0n;
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === 0x0a) key = reader.bytes();
    else if (tag === 0x10) createRevision = reader.int64();
    else if (tag === 0x18) modRevision = reader.int64();
    else if (tag === 0x20) version = reader.int64();
    else if (tag === 0x2a) value = reader.bytes();
    else if (tag === 0x30) lease = reader.int64();
    else reader.skip(tag);
  }
  return { key, value, createRevision, modRevision, version, lease };
}
