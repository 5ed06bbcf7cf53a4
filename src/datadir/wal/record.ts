import { FieldReader } from '../field-reader.ts';

/** Types of the records in a WAL: https://github.com/etcd-io/etcd/blob/main/server/storage/wal/wal.go */
export const METADATA_RECORD = 1;
export const ENTRY_RECORD = 2;
export const STATE_RECORD = 3;
export const CRC_RECORD = 4;
export const SNAPSHOT_RECORD = 5;

/** walpb.Record. */
export interface WalRecord {
  readonly type: number;
  readonly crc: number;
  /** A view of what it was read from. */
  readonly data: Buffer;
}

const nothing = Buffer.alloc(0);

/** Reads a record. Throws `RangeError` where it is none. */
export function readRecord(bytes: Buffer): WalRecord {
  const reader = new FieldReader(bytes);
  let [type, crc, data]: [number, number, Buffer] = [0, 0, nothing];
  while (reader.next()) {
    if (reader.field === 1) type = reader.uint32();
    else if (reader.field === 2) crc = reader.uint32();
    else if (reader.field === 3) data = reader.bytes();
    else reader.skip();
  }
  return { type, crc, data };
}

/**
 * A record in front of anything: etcd writes the three fields in the order of their numbers, the third only where there are data,
 * so that a record's end is known without its frame. Undefined where there is none.
 */
export function leadingRecord(bytes: Buffer): WalRecord | undefined {
  const reader = new FieldReader(bytes);
  try {
    if (!reader.nextIs(1)) return undefined;
    const type = reader.uint32();
    if (!reader.nextIs(2)) return undefined;
    const crc = reader.uint32();
    if (!reader.nextIs(3)) return undefined;
    return { type, crc, data: reader.bytes() };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Ids of etcdserverpb.Metadata, hexadecimal as etcd writes them. */
export function readMetadata(data: Buffer): { readonly memberId: string; readonly clusterId: string } {
  const reader = new FieldReader(data);
  let [memberId, clusterId] = [0n, 0n];
  while (reader.next()) {
    if (reader.field === 1) memberId = reader.uint64();
    else if (reader.field === 2) clusterId = reader.uint64();
    else reader.skip();
  }
  return { memberId: memberId.toString(16), clusterId: clusterId.toString(16) };
}

/** Where an entry or a snapshot stands in the raft log. */
export interface LogPosition {
  readonly index: bigint;
  readonly term: bigint;
}

/** raftpb.Entry. */
export function readEntry(data: Buffer): LogPosition {
  const reader = new FieldReader(data);
  let [index, term] = [0n, 0n];
  while (reader.next()) {
    if (reader.field === 2) term = reader.uint64();
    else if (reader.field === 3) index = reader.uint64();
    else if (reader.field === 1) reader.skipAs(0);
    else if (reader.field === 4) reader.skipAs(2);
    else reader.skip();
  }
  return { index, term };
}

/** raftpb.HardState. */
export function readHardState(data: Buffer): { readonly term: bigint; readonly commit: bigint } {
  const reader = new FieldReader(data);
  let [term, commit] = [0n, 0n];
  while (reader.next()) {
    if (reader.field === 1) term = reader.uint64();
    else if (reader.field === 2) reader.skipAs(0);
    else if (reader.field === 3) commit = reader.uint64();
    else reader.skip();
  }
  return { term, commit };
}

/** walpb.Snapshot. */
export function readSnapshot(data: Buffer): LogPosition {
  const reader = new FieldReader(data);
  let [index, term] = [0n, 0n];
  while (reader.next()) {
    if (reader.field === 1) index = reader.uint64();
    else if (reader.field === 2) term = reader.uint64();
    else if (reader.field === 3) reader.skipAs(2);
    else reader.skip();
  }
  return { index, term };
}
