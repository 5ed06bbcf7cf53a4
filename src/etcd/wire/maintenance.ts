import type { SnapshotChunk, StatusReply } from '../types.ts';
import { encodeNothing, type Method, NO_HEADER, pathOf, readHeader } from './method.ts';
import { WireReader } from './reader.ts';

/** Maintenance.Status, with the fields that etcd 3.6 added. */
export const STATUS: Method<undefined, StatusReply> = {
  name: 'Status',
  path: pathOf('Maintenance', 'Status'),
  readOnly: true,
  encode: encodeNothing,
  decode: decodeStatus,
};

/** Maintenance.Snapshot, a stream. */
export const SNAPSHOT: Method<undefined, SnapshotChunk> = {
  name: 'Snapshot',
  path: pathOf('Maintenance', 'Snapshot'),
  readOnly: true,
  encode: encodeNothing,
  decode: decodeSnapshot,
};

function decodeStatus(reply: Buffer): StatusReply {
  const reader = new WireReader(reply);
  const end = reader.length;
  const errors: string[] = [];
  let header = NO_HEADER;
  let version = '';
  let dbSizeBytes = 0;
  let dbSizeInUseBytes = 0;
  let dbSizeQuotaBytes: number | undefined;
  let storageVersion: string | undefined;
  let leaderId = '0';
  let raftIndex = 0n;
  let raftTerm = 0n;
  let raftAppliedIndex = 0n;
  let isLearner = false;
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === 0x0a) header = readHeader(reader);
    else if (tag === 0x12) version = reader.text();
    else if (tag === 0x18) dbSizeBytes = reader.number();
    else if (tag === 0x20) leaderId = reader.id();
    else if (tag === 0x28) raftIndex = reader.uint64();
    else if (tag === 0x30) raftTerm = reader.uint64();
    else if (tag === 0x38) raftAppliedIndex = reader.uint64();
    else if (tag === 0x42) errors.push(reader.text());
    else if (tag === 0x48) dbSizeInUseBytes = reader.number();
    else if (tag === 0x50) isLearner = reader.bool();
    else if (tag === 0x5a) storageVersion = reader.text();
    else if (tag === 0x60) dbSizeQuotaBytes = reader.number();
    else reader.skip(tag);
  }
  return {
    header,
    version,
    dbSizeBytes,
    dbSizeInUseBytes,
    ...(dbSizeQuotaBytes === undefined ? {} : { dbSizeQuotaBytes }),
    ...(storageVersion === undefined ? {} : { storageVersion }),
    leaderId,
    raftIndex,
    raftTerm,
    raftAppliedIndex,
    errors,
    isLearner,
  };
}

function decodeSnapshot(reply: Buffer): SnapshotChunk {
  const reader = new WireReader(reply);
  const end = reader.length;
  let remainingBytes = 0n;
  let blob: Buffer = Buffer.alloc(0);
  let storageVersion: string | undefined;
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === 0x10) remainingBytes = reader.uint64();
    else if (tag === 0x1a) blob = reader.bytes();
    else if (tag === 0x22) storageVersion = reader.text();
    else reader.skip(tag);
  }
  return { blob, remainingBytes, ...(storageVersion === undefined ? {} : { storageVersion }) };
}
