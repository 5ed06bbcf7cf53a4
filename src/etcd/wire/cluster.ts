import type { ListedMember, ReplyHeader } from '../types.ts';
import { type Method, NO_HEADER, pathOf, readHeader } from './method.ts';
import { WireReader } from './reader.ts';
import { WireWriter } from './writer.ts';

interface MemberListRequest {
  /** Etcd >= 3.5 heeds it; 3.4 answers from memory whatever it says. */
  readonly linearizable: boolean;
}

interface MemberListReply {
  readonly header: ReplyHeader;
  readonly members: readonly ListedMember[];
}

/** Cluster.MemberList. */
export const MEMBER_LIST: Method<MemberListRequest, MemberListReply> = {
  name: 'MemberList',
  path: pathOf('Cluster', 'MemberList'),
  readOnly: true,
  encode: (request) => new WireWriter().bool(1, request.linearizable).finish(),
  decode: decodeMemberList,
};

function decodeMemberList(reply: Buffer): MemberListReply {
  const reader = new WireReader(reply);
  const end = reader.length;
  const members: ListedMember[] = [];
  let header = NO_HEADER;
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === 0x0a) header = readHeader(reader);
    else if (tag === 0x12) members.push(readMember(reader));
    else reader.skip(tag);
  }
  return { header, members };
}

function readMember(reader: WireReader): ListedMember {
  const end = reader.messageEnd();
  const peerUrls: string[] = [];
  const clientUrls: string[] = [];
  let id = '0';
  let name = '';
  let isLearner = false;
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === 0x08) id = reader.id();
    else if (tag === 0x12) name = reader.text();
    else if (tag === 0x1a) peerUrls.push(reader.text());
    else if (tag === 0x22) clientUrls.push(reader.text());
    else if (tag === 0x28) isLearner = reader.bool();
    else reader.skip(tag);
  }
  return { id, name, peerUrls, clientUrls, isLearner };
}
