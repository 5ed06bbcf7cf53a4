import { type Method, pathOf } from './method.ts';
import { WireReader } from './reader.ts';
import { WireWriter } from './writer.ts';

/** Lease.LeaseKeepAlive, a stream both ways on which one request is sent; the reply is the TTL left, in seconds, 0 when it is gone. */
export const LEASE_KEEP_ALIVE: Method<{ readonly id: bigint }, number> = {
  name: 'LeaseKeepAlive',
  path: pathOf('Lease', 'LeaseKeepAlive'),
  readOnly: false,
  encode: ({ id }) => new WireWriter().integer(1, id).finish(),
  decode: decodeTtl,
};

function decodeTtl(reply: Buffer): number {
  const reader = new WireReader(reply);
  const end = reader.length;
  let ttlSeconds = 0;
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === 0x18) ttlSeconds = reader.number();
    else reader.skip(tag);
  }
  return ttlSeconds;
}
