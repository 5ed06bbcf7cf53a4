import { createHash } from 'node:crypto';
import type { ByteReader } from './byte-reader.ts';

/** Zstandard's skippable frames: `zstd -d` passes over them. The first holds the manifest, the second its SHA-256. */
const MANIFEST_MAGIC = 0x184d2a50;
const DIGEST_MAGIC = 0x184d2a51;
const FRAME_HEADER_BYTES = 8;
const DIGEST_BYTES = 32;
/** A manifest is about 1 KB; a length beyond this is damage, and must not be allocated. */
const MAX_MANIFEST_BYTES = 1024 * 1024;

/** What to ask a store for to get any manifest that was ever written, in one request. */
export const MANIFEST_READ_BYTES = 16 * 1024;

/** The beginning of a segment: the manifest and its SHA-256, each in a frame that `zstd -d` passes over. */
export function manifestFrames(manifest: Buffer): Buffer {
  const digest = createHash('sha256').update(manifest).digest();
  return Buffer.concat([frame(MANIFEST_MAGIC, manifest), frame(DIGEST_MAGIC, digest)]);
}

/** Reads what `manifestFrames` wrote. Throws a plain `Error` that says what is wrong: the caller knows the object. */
export async function readManifestFrames(reader: ByteReader): Promise<{ manifest: Buffer; sha256: string }> {
  const manifest = await content(reader, MANIFEST_MAGIC, 'the manifest', MAX_MANIFEST_BYTES);
  const digest = await content(reader, DIGEST_MAGIC, "the manifest's SHA-256", DIGEST_BYTES);
  const sha256 = createHash('sha256').update(manifest).digest();
  if (!sha256.equals(digest)) throw new Error("the manifest's SHA-256 is not what stands behind it");
  return { manifest, sha256: sha256.toString('hex') };
}

/** The bytes of both frames, as they stand, of which nothing has been checked but their length. Throws a plain `Error`. */
export async function rawManifestFrames(reader: ByteReader): Promise<Buffer> {
  const header = await reader.exactly(FRAME_HEADER_BYTES);
  const manifestBytes = header.readUInt32LE(4);
  if (manifestBytes > MAX_MANIFEST_BYTES) throw new Error(`its first frame claims ${manifestBytes} bytes`);
  return Buffer.concat([header, await reader.exactly(manifestBytes + FRAME_HEADER_BYTES + DIGEST_BYTES)]);
}

function frame(magic: number, content: Buffer): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt32LE(magic, 0);
  header.writeUInt32LE(content.length, 4);
  return Buffer.concat([header, content]);
}

async function content(reader: ByteReader, magic: number, what: string, maxBytes: number): Promise<Buffer> {
  const header = await reader.exactly(FRAME_HEADER_BYTES);
  if (header.readUInt32LE(0) !== magic) throw new Error(`the frame of ${what} is not where it belongs`);
  const length = header.readUInt32LE(4);
  if (length > maxBytes) throw new Error(`the frame of ${what} claims ${length} bytes`);
  return reader.exactly(length);
}
