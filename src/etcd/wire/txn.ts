import type { TxnChange, TxnCompare, TxnReply, TxnRequest } from '../txn.ts';
import type { ReplyHeader } from '../types.ts';
import { type Method, NO_HEADER, pathOf, readHeader } from './method.ts';
import { WireReader } from './reader.ts';
import { WireWriter } from './writer.ts';

/** KV.Txn with conditions on single keys; what its changes answer is not read. */
export const TXN: Method<TxnRequest, TxnReply> = {
  name: 'Txn',
  path: pathOf('KV', 'Txn'),
  readOnly: false,
  encode: encodeTxn,
  decode: decodeTxn,
};

/** Compare.CompareResult and Compare.CompareTarget. */
const GREATER = 1;
const [VERSION, CREATE, MOD, VALUE] = [0, 1, 2, 3];

function encodeTxn({ compare, changes }: TxnRequest): Buffer {
  const writer = new WireWriter();
  for (const condition of compare) writer.message(1, encodeCompare(condition));
  for (const change of changes) writer.message(2, encodeChange(change));
  return writer.finish();
}

function encodeCompare(condition: TxnCompare): Buffer {
  const writer = new WireWriter();
  if ('versionAbove' in condition) {
    return writer
      .integer(1, GREATER)
      .integer(2, VERSION)
      .bytes(3, condition.key)
      .integer(4, condition.versionAbove)
      .finish();
  }
  if ('version' in condition) {
    return writer.integer(2, VERSION).bytes(3, condition.key).integer(4, condition.version).finish();
  }
  if ('createRevision' in condition) {
    return writer.integer(2, CREATE).bytes(3, condition.key).integer(5, condition.createRevision).finish();
  }
  if ('modRevision' in condition) {
    return writer.integer(2, MOD).bytes(3, condition.key).integer(6, condition.modRevision).finish();
  }
  return writer.integer(2, VALUE).bytes(3, condition.key).message(7, condition.value).finish();
}

/** RequestOp: a put is field 2 of it, a deletion field 3. */
function encodeChange(change: TxnChange): Buffer {
  if ('put' in change) {
    const put = new WireWriter().bytes(1, change.put).bytes(2, change.value).integer(3, change.lease).finish();
    return new WireWriter().message(2, put).finish();
  }
  const deletion = new WireWriter().bytes(1, change.delete).bytes(2, change.rangeEnd).finish();
  return new WireWriter().message(3, deletion).finish();
}

function decodeTxn(reply: Buffer): TxnReply {
  const reader = new WireReader(reply);
  const end = reader.length;
  let header: ReplyHeader = NO_HEADER;
  let succeeded = false;
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === 0x0a) header = readHeader(reader);
    else if (tag === 0x10) succeeded = reader.bool();
    else reader.skip(tag);
  }
  return { succeeded, revision: header.revision };
}
