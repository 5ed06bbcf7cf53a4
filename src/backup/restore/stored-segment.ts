import { ByteReader } from '../delta/byte-reader.ts';
import { rawManifestFrames } from '../delta/manifest-frames.ts';
import { readSegmentManifest } from '../delta/segment.ts';
import type { DeltaManifest } from '../manifest.ts';
import { objectDamaged } from './broken-object.ts';
import { checkedBytes } from './checked-bytes.ts';

/** A segment of which only the manifest has been read. */
export interface StoredSegment {
  readonly manifest: DeltaManifest;
  readonly manifestSha256: string;
  /** All of the object, as it is stored, once. Throws `OBJECT_DAMAGED` at its end where it is not what the manifest says. */
  readonly bytes: AsyncGenerator<Buffer, void, undefined>;
}

/**
 * Looks at a segment as it is stored, without the identity that its content may need. Throws `OBJECT_DAMAGED` or
 * `SEGMENT_DAMAGED`, what reading a manifest throws, and what the source throws.
 */
export async function openStoredSegment(source: AsyncIterable<Buffer>, key: string): Promise<StoredSegment> {
  const reader = new ByteReader(source);
  try {
    const head = await headOf(reader, key);
    const { manifest, manifestSha256 } = await readSegmentManifest(only(head), key);
    return { manifest, manifestSha256, bytes: whole(reader, head, manifest, key) };
  } catch (error) {
    await reader[Symbol.asyncDispose]();
    throw error;
  }
}

async function headOf(reader: ByteReader, key: string): Promise<Buffer> {
  try {
    return await rawManifestFrames(reader);
  } catch (error) {
    if (error === reader.failure) throw error;
    throw objectDamaged(key, error instanceof Error ? error.message : String(error));
  }
}

async function* whole(
  reader: ByteReader,
  head: Buffer,
  { stored }: DeltaManifest,
  key: string,
): AsyncGenerator<Buffer, void, undefined> {
  await using body = reader;
  yield head;
  yield* checkedBytes(body.rest(), stored, key);
}

async function* only(piece: Buffer): AsyncGenerator<Buffer, void, undefined> {
  yield piece;
}
