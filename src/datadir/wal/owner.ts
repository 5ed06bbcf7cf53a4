import { open } from 'node:fs/promises';
import { METADATA_RECORD, readMetadata, readRecord } from './record.ts';

/** The sum and the owner stand in so many bytes at the beginning of each file. */
const HEAD_BYTES = 1024;
const FRAME_BYTES = 8;

/** Whose a file of a WAL is; undefined where its head does not say so, be it damaged. Throws system errors. */
export async function ownerOf(
  path: string,
): Promise<{ readonly clusterId: string; readonly memberId: string } | undefined> {
  await using file = await open(path, 'r');
  const head = Buffer.alloc(HEAD_BYTES);
  await file.read(head, 0, head.length, 0);
  try {
    for (let at = 0; ; ) {
      const bytes = head.readUInt32LE(at);
      const record = readRecord(head.subarray(at + FRAME_BYTES, at + FRAME_BYTES + bytes));
      if (record.type === METADATA_RECORD) return readMetadata(record.data);
      if (bytes === 0) return undefined;
      at += FRAME_BYTES + bytes + (head.readUInt8(at + FRAME_BYTES - 1) & 7);
    }
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
