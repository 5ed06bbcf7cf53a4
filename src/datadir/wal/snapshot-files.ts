import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32c } from '../crc32c.ts';
import { FieldReader } from '../field-reader.ts';
import { systemCodeOf } from '../system-fault.ts';
import type { LogPosition } from './record.ts';

const CHUNK_BYTES = 1024 * 1024;
/** Where the fields before the data end at the latest. */
const HEAD_BYTES = 32;
/** `<term>-<index>.snap`, both hexadecimal. */
const NAME = /^([0-9a-f]{16})-([0-9a-f]{16})\.snap$/;

/**
 * The snapshot that etcd begins with: the newest one that the WAL knows as committed and whose file is whole. Undefined where there
 * is none, and the log has to begin with its first entry.
 */
export async function newestSnapshot(
  snapDir: string,
  known: readonly LogPosition[],
  signal: AbortSignal,
): Promise<LogPosition | undefined> {
  for (const name of (await readdir(snapDir)).toSorted().toReversed()) {
    const match = NAME.exec(name);
    if (match === null) continue;
    const [term, index] = [BigInt(`0x${match[1]}`), BigInt(`0x${match[2]}`)];
    if (!known.some((one) => one.index === index && one.term === term)) continue;
    try {
      if (await isWhole(join(snapDir, name), signal)) return { term, index };
    } catch (error) {
      // Etcd keeps five and removes the oldest while it runs.
      if (systemCodeOf(error) !== 'ENOENT') throw error;
    }
  }
  return undefined;
}

/** Whether a file has the checksum at its beginning that its data have: snappb.Snapshot of etcd. */
async function isWhole(path: string, signal: AbortSignal): Promise<boolean> {
  await using file = await open(path, 'r');
  const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  const { bytesRead } = await file.read(chunk, 0, HEAD_BYTES, 0);
  const head = headOf(chunk.subarray(0, bytesRead));
  if (head === undefined || head.dataBytes === 0) return false;
  let [sum, left, at] = [0, head.dataBytes, head.dataAt];
  while (left > 0) {
    signal.throwIfAborted();
    const read = await file.read(chunk, 0, Math.min(left, CHUNK_BYTES), at);
    if (read.bytesRead === 0) return false;
    sum = crc32c(sum, chunk.subarray(0, read.bytesRead));
    left -= read.bytesRead;
    at += read.bytesRead;
  }
  return sum === head.crc;
}

function headOf(
  bytes: Buffer,
): { readonly crc: number; readonly dataAt: number; readonly dataBytes: number } | undefined {
  const reader = new FieldReader(bytes);
  try {
    if (!reader.nextIs(1)) return undefined;
    const crc = reader.uint32();
    if (!reader.nextIs(2)) return undefined;
    const dataBytes = reader.byteCount();
    return { crc, dataBytes, dataAt: reader.offset };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
