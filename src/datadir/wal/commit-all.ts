import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentError } from '../../cluster/agent-error.ts';
import { crc32c } from '../crc32c.ts';

/** How far a WAL goes, as whoever has read all of it says. */
export interface WalEnd {
  /** Of its newest hard state. */
  readonly raftTerm: bigint;
  /** Of its newest entry. */
  readonly lastIndex: bigint;
}

/** Of etcd's `wal/walpb`. */
const STATE_RECORD = 3;
const CRC_RECORD = 4;
const FRAME_BYTES = 8;

/**
 * Marks every entry of a WAL as committed, by one more hard state behind its last record. `--force-new-cluster` drops what is not known to
 * be committed, and the newest write that was acknowledged may be among that: the others had confirmed it, and word of it was still on its
 * way to the log. What nobody acknowledged is kept with it, as a write of which nobody has heard the end. Only for a copy.
 * Throws `WAL_UNREADABLE`, and the system's error.
 * @param walDir the folder with the `.wal` files
 */
export async function commitWal(walDir: string, { raftTerm, lastIndex }: WalEnd): Promise<void> {
  const newest = (await readdir(walDir))
    .filter((name) => name.endsWith('.wal'))
    .toSorted()
    .at(-1);
  if (newest === undefined) throw unreadable(walDir, 'there is no file of a WAL in it');
  const path = join(walDir, newest);
  const { endBytes, crc } = endOf(path, await readFile(path));
  // Without a vote: nobody asks it for one any more.
  const state = fields([
    [1, raftTerm],
    [2, 0n],
    [3, lastIndex],
  ]);
  const record = framed(STATE_RECORD, crc32c(crc, state), state);
  const file = await open(path, 'r+');
  try {
    await file.truncate(endBytes);
    await file.write(record, 0, record.length, endBytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Where the last whole record ends, and the checksum up to there. A record that was torn by a power cut is none. */
function endOf(path: string, bytes: Buffer): { readonly endBytes: number; readonly crc: number } {
  let at = 0;
  let crc = 0;
  let records = 0;
  while (at + FRAME_BYTES <= bytes.length) {
    const length = bytes.readUIntLE(at, 6);
    const padding = bytes.readInt8(at + 7) < 0 ? bytes.readUInt8(at + 7) & 7 : 0;
    const end = at + FRAME_BYTES + length + padding;
    if (length === 0 || end > bytes.length) break;
    const record = recordIn(bytes.subarray(at + FRAME_BYTES, at + FRAME_BYTES + length));
    if (record === undefined) break;
    // The first record of a file says what the checksum was at the end of the one before it.
    const next = record.type === CRC_RECORD ? record.crc : crc32c(crc, record.data);
    if (next !== record.crc) break;
    crc = next;
    at = end;
    records += 1;
  }
  if (records === 0) throw unreadable(path, 'it has no whole record');
  return { endBytes: at, crc };
}

interface WalRecord {
  readonly type: number;
  readonly crc: number;
  readonly data: Buffer;
}

/** Undefined where these bytes are no record. */
function recordIn(bytes: Buffer): WalRecord | undefined {
  let [type, crc] = [0, 0];
  let data: Buffer = Buffer.alloc(0);
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at] ?? 0;
      at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const value = varint();
    if (tag === 0x08) type = value;
    else if (tag === 0x10) crc = value;
    else if (tag === 0x1a && at + value <= bytes.length) {
      data = bytes.subarray(at, at + value);
      at += value;
    } else return undefined;
  }
  return { type, crc, data };
}

/** A record in its frame: its length, with the padding to eight bytes in the highest byte. */
function framed(type: number, crc: number, data: Buffer): Buffer {
  const head = fields([
    [1, BigInt(type)],
    [2, BigInt(crc)],
  ]);
  const record = Buffer.concat([head, Buffer.from([0x1a]), varintOf(BigInt(data.length)), data]);
  const padding = (FRAME_BYTES - (record.length % FRAME_BYTES)) % FRAME_BYTES;
  const frame = Buffer.alloc(FRAME_BYTES + record.length + padding);
  frame.writeUIntLE(record.length, 0, 6);
  if (padding > 0) frame.writeUInt8(0x80 | padding, 7);
  record.copy(frame, FRAME_BYTES);
  return frame;
}

/** Numbers as fields of a message. */
function fields(values: readonly (readonly [number, bigint])[]): Buffer {
  return Buffer.concat(values.flatMap(([field, value]) => [Buffer.from([field << 3]), varintOf(value)]));
}

function varintOf(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}

function unreadable(path: string, why: string): AgentError {
  return new AgentError('WAL_UNREADABLE', `The WAL at ${path} cannot be gone on with: ${why}.`, {
    remedy: 'Look at the data dir; another survivor, or the newest backup, can begin the cluster again.',
  });
}
