import type { KeySizesPage, RangeRequest, ReplyHeader } from '../types.ts';
import { RANGE } from './kv.ts';
import { type Method, NO_HEADER, readHeader } from './method.ts';
import { WireReader } from './reader.ts';

const EMPTY: Buffer = Buffer.alloc(0);

/** KV.Range, of which only the keys and the sizes of their values are looked at, one after the other. */
export const KEY_SIZES: Method<RangeRequest, KeySizesPage> = {
  name: RANGE.name,
  path: RANGE.path,
  readOnly: true,
  encode: RANGE.encode,
  decode: (reply) => new KeySizesReply(reply),
};

/**
 * A reply that is read in place. A million keys in pages of objects, one for each key with its value and revisions, made
 * V8's young generation grow by 60 to 120 MB; nothing here lives longer than one visit.
 */
class KeySizesReply implements KeySizesPage {
  readonly header: ReplyHeader;
  readonly more: boolean;
  readonly count: number;
  readonly #reply: Buffer;

  constructor(reply: Buffer) {
    const reader = new WireReader(reply);
    let header = NO_HEADER;
    let more = false;
    let count = 0;
    for (let tag = reader.tag(reply.length); tag !== 0; tag = reader.tag(reply.length)) {
      if (tag === 0x0a) header = readHeader(reader);
      else if (tag === 0x18) more = reader.bool();
      else if (tag === 0x20) count = reader.number();
      else reader.skip(tag);
    }
    this.header = header;
    this.more = more;
    this.count = count;
    this.#reply = reply;
  }

  forEach(visit: (key: Buffer, valueBytes: number) => void): void {
    const reader = new WireReader(this.#reply);
    const end = this.#reply.length;
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      if (tag === 0x12) visitKeyValue(reader, visit);
      else reader.skip(tag);
    }
  }
}

function visitKeyValue(reader: WireReader, visit: (key: Buffer, valueBytes: number) => void): void {
  const end = reader.messageEnd();
  let key = EMPTY;
  let valueBytes = 0;
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === 0x0a) key = reader.bytes();
    else if (tag === 0x2a) valueBytes = reader.skipBytes();
    else reader.skip(tag);
  }
  visit(key, valueBytes);
}
