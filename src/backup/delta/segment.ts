import { createHash } from 'node:crypto';
import { createZstdDecompress, constants as zlib } from 'node:zlib';
import { AgentError } from '../../cluster/agent-error.ts';
import { type DeltaManifest, type Digest, parseManifest } from '../manifest.ts';
import { parseName } from '../names.ts';
import { ByteReader } from './byte-reader.ts';
import { linesOf } from './lines.ts';
import { readManifestFrames } from './manifest-frames.ts';
import { decodeRecord, isLeaseLine } from './record-line.ts';
import type { DeltaRecord } from './revision-batch.ts';

/** Each piece that is decompressed is a job for another thread. */
const PIECE_BYTES = 128 * 1024;

/** Turns the encrypted part of a segment back; given by whoever has the identity. */
export type Decrypt = (stream: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;

export interface DecodeOptions {
  /** The object's key, for errors; where it is a segment's name, the manifest must agree with it. */
  readonly key: string;
  readonly decrypt?: Decrypt;
  /** Only the leases are wanted: revisions are passed over without a look at them. */
  readonly leasesOnly?: boolean;
}

/** A segment that has been opened. */
export interface OpenSegment {
  readonly manifest: DeltaManifest;
  readonly manifestSha256: string;
  /**
   * What it holds, once. Only when it has ended without an error is everything proven: it throws `SEGMENT_DAMAGED` at the
   * latest at its end.
   */
  readonly records: AsyncGenerator<DeltaRecord, void, undefined>;
}

/**
 * Opens a segment as its bytes come, with memory for its largest revision. Throws `SEGMENT_DAMAGED` where anything is not as
 * it was written, `SEGMENT_ENCRYPTED` where it needs an identity that is not given, and what reading the manifest throws.
 */
export async function decodeSegment(source: AsyncIterable<Buffer>, options: DecodeOptions): Promise<OpenSegment> {
  const reader = new ByteReader(source);
  try {
    const { manifest, manifestSha256 } = await readManifest(reader, options.key);
    if (manifest.encryption !== undefined && options.decrypt === undefined) throw encrypted(manifest, options.key);
    return { manifest, manifestSha256, records: records(reader, manifest, options) };
  } catch (error) {
    await reader[Symbol.asyncDispose]();
    throw error;
  }
}

/** Reads the manifest only, from an object's beginning: `MANIFEST_READ_BYTES` are enough. Throws as `decodeSegment` does. */
export async function readSegmentManifest(
  source: AsyncIterable<Buffer>,
  key: string,
): Promise<{ readonly manifest: DeltaManifest; readonly manifestSha256: string }> {
  await using reader = new ByteReader(source);
  return await readManifest(reader, key);
}

/** Reads the manifest, and leaves the reader at the body. Throws as `decodeSegment` does. */
export async function readManifest(
  reader: ByteReader,
  key: string,
): Promise<{ manifest: DeltaManifest; manifestSha256: string }> {
  const { manifest: text, sha256 } = await readManifestFrames(reader).catch((error: unknown) => {
    throw error === reader.failure ? error : damaged(key, error);
  });
  const manifest = parseManifest(text, key);
  if (manifest.kind !== 'delta') throw damaged(key, 'its manifest is not that of a segment');
  const name = parseName(key);
  if (
    name?.kind === 'delta' &&
    (name.from !== manifest.firstRevision || name.to !== manifest.lastRevision || name.epoch !== manifest.epoch)
  ) {
    throw damaged(key, 'its manifest is that of another one');
  }
  return { manifest, manifestSha256: sha256 };
}

async function* records(
  reader: ByteReader,
  manifest: DeltaManifest,
  { key, decrypt, leasesOnly = false }: DecodeOptions,
): AsyncGenerator<DeltaRecord, void, undefined> {
  await using body = reader;
  try {
    const stored = checked(body.rest(), manifest.stored, 'what is stored');
    const compressed = manifest.encryption === undefined || decrypt === undefined ? stored : decrypt(stored);
    const plain = checked(decompressed(compressed), manifest.plain, 'its content');
    let events = 0;
    let last = manifest.firstRevision - 1n;
    for await (const line of linesOf(plain)) {
      if (leasesOnly && !isLeaseLine(line)) continue;
      const record = decodeRecord(line);
      if (record.kind === 'revision') {
        const { revision } = record.batch;
        if (revision <= last) throw new Error(`revision ${revision} comes after ${last}`);
        // Etcd makes no revision without a change, so each has a record.
        if (revision !== last + 1n) throw new Error(`revision ${last + 1n} is missing before ${revision}`);
        if (revision > manifest.lastRevision) throw new Error(`revision ${revision} is beyond its range`);
        last = revision;
        events += record.batch.events.length;
      }
      yield record;
    }
    if (leasesOnly) return;
    if (last !== manifest.lastRevision) throw new Error(`it ends with revision ${last}`);
    if (events !== manifest.events) throw new Error(`it holds ${events} events, not ${manifest.events}`);
  } catch (error) {
    throw error === body.failure ? error : damaged(key, error);
  }
}

/** Passes everything through and throws a plain `Error` at its end where it is not what the manifest says. */
async function* checked(
  source: AsyncIterable<Buffer>,
  { bytes, sha256 }: Digest,
  what: string,
): AsyncGenerator<Buffer, void, undefined> {
  const hash = createHash('sha256');
  let read = 0;
  for await (const piece of source) {
    read += piece.length;
    // Also what keeps a damaged frame from filling the memory.
    if (read > bytes) throw new Error(`${what} is longer than ${bytes} bytes`);
    hash.update(piece);
    yield piece;
  }
  if (read !== bytes) throw new Error(`${what} ends after ${read} of ${bytes} bytes`);
  if (hash.digest('hex') !== sha256) throw new Error(`the SHA-256 of ${what} is another one`);
}

async function* decompressed(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const stream = createZstdDecompress({ chunkSize: PIECE_BYTES, params: { [zlib.ZSTD_d_windowLogMax]: 27 } });
  const feeding = feed(source, stream);
  // Its failure is told through the stream; here it must only not be unhandled.
  feeding.catch(() => undefined);
  try {
    for await (const piece of stream) yield piece;
    await feeding;
  } finally {
    stream.destroy();
  }
}

async function feed(source: AsyncIterable<Buffer>, stream: ReturnType<typeof createZstdDecompress>): Promise<void> {
  try {
    for await (const piece of source) {
      if (stream.destroyed) return;
      if (!stream.write(piece)) await drained(stream);
    }
    stream.end();
  } catch (error) {
    stream.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

function drained(stream: ReturnType<typeof createZstdDecompress>): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.once('drain', done).once('close', done);
  });
}

function damaged(key: string, reason: unknown): AgentError {
  // What a store or a cipher says is more than that the object is damaged.
  if (reason instanceof AgentError) return reason;
  const what = reason instanceof Error ? reason.message : String(reason);
  return new AgentError('SEGMENT_DAMAGED', `The segment ${key} is damaged: ${what}.`, {
    remedy: 'Run `backup verify`: it says what is lost with it, and which chain is whole.',
    ...(reason instanceof Error ? { cause: reason } : {}),
  });
}

function encrypted(manifest: DeltaManifest, key: string): AgentError {
  const ids = manifest.encryption?.keyIds.join(', ') ?? '';
  return new AgentError('SEGMENT_ENCRYPTED', `The segment ${key} is encrypted for ${ids}, and no identity is given.`, {
    remedy: 'Give the identity file of one of these keys.',
  });
}
