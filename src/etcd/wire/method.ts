import type { ReplyHeader } from '../types.ts';
import type { WireReader } from './reader.ts';

/** One remote call: its path and how its request and reply look on the wire. Field numbers are those of etcd's rpc.proto. */
export interface Method<Request, Reply> {
  /** For errors: `Status`. */
  readonly name: string;
  readonly path: string;
  /** True when it changes nothing: only then may a repetition be asked for. */
  readonly readOnly: boolean;
  readonly encode: (request: Request) => Buffer;
  readonly decode: (reply: Buffer) => Reply;
}

/** Path of a call in etcd's API. */
export function pathOf(service: 'KV' | 'Watch' | 'Lease' | 'Cluster' | 'Maintenance' | 'Auth', name: string): string {
  return `/etcdserverpb.${service}/${name}`;
}

/** The request of a call that takes nothing. */
export function encodeNothing(): Buffer {
  return Buffer.alloc(0);
}

export const NO_HEADER: ReplyHeader = { clusterId: '0', memberId: '0', revision: 0n, raftTerm: 0n };

/** ResponseHeader. */
export function readHeader(reader: WireReader): ReplyHeader {
  const end = reader.messageEnd();
  let clusterId = '0';
  let memberId = '0';
  let revision = 0n;
  let raftTerm = 0n;
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === 0x08) clusterId = reader.id();
    else if (tag === 0x10) memberId = reader.id();
    else if (tag === 0x18) revision = reader.int64();
    else if (tag === 0x20) raftTerm = reader.uint64();
    else reader.skip(tag);
  }
  return { clusterId, memberId, revision, raftTerm };
}
