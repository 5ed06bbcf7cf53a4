import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { createZstdCompress, constants as zlib } from 'node:zlib';
import { type DeltaManifest, type Digest, encodeManifest, FORMAT_VERSION } from '../manifest.ts';
import { lastChangeIn } from './last-change.ts';
import { manifestFrames } from './manifest-frames.ts';
import { encodeRecord } from './record-line.ts';
import type { DeltaRecord, RevisionBatch } from './revision-batch.ts';

const WRITE_BYTES = 64 * 1024;

/** Encrypts the body of a segment for several recipients. */
export interface SegmentCipher {
  /** Which identities can read it; no secrets. */
  readonly keyIds: readonly string[];
  encrypt(stream: AsyncIterable<Buffer>): AsyncIterable<Buffer>;
}

/** What a segment's manifest says that does not follow from its content. */
export type SegmentFacts = Omit<
  DeltaManifest,
  'kind' | 'formatVersion' | 'plain' | 'stored' | 'compression' | 'encryption' | 'events'
>;

/** A segment as it goes into a store. */
export interface EncodedSegment {
  readonly manifest: DeltaManifest;
  readonly manifestSha256: string;
  readonly object: Buffer;
}

export interface EncodeOptions {
  readonly cipher?: SegmentCipher;
}

/**
 * Makes a segment. Its compressed body is held in memory, since its digest stands before it: the caller bounds what it puts
 * into one. Throws what `records` or the cipher throw.
 * @param facts as a function: asked when all records have been taken
 */
export async function encodeSegment(
  facts: SegmentFacts | (() => SegmentFacts),
  records: Iterable<DeltaRecord> | AsyncIterable<DeltaRecord>,
  { cipher }: EncodeOptions = {},
): Promise<EncodedSegment> {
  let events = 0;
  let last: RevisionBatch | undefined;
  async function* lines(): AsyncGenerator<string, void, undefined> {
    for await (const record of records) {
      if (record.kind === 'revision') {
        last = record.batch;
        events += last.events.length;
      }
      yield encodeRecord(record);
    }
  }
  const allFacts = (): SegmentFacts => {
    const all = typeof facts === 'function' ? facts() : facts;
    return last?.revision === all.lastRevision ? { ...all, lastChange: lastChangeIn(last) } : all;
  };
  return encodeLines(allFacts, lines(), () => events, cipher);
}

/** As `encodeSegment`, from lines that are encoded already; `events` is asked at their end. */
export async function encodeLines(
  facts: SegmentFacts | (() => SegmentFacts),
  lines: Iterable<string> | AsyncIterable<string>,
  events: () => number,
  cipher?: SegmentCipher,
): Promise<EncodedSegment> {
  const plain = new Digesting();
  const stored = new Digesting();
  const compressed = compress(lines, plain);
  const pieces: Buffer[] = [];
  for await (const piece of cipher === undefined ? compressed : cipher.encrypt(compressed)) {
    stored.update(piece);
    pieces.push(piece);
  }
  const manifest: DeltaManifest = {
    ...(typeof facts === 'function' ? facts() : facts),
    kind: 'delta',
    formatVersion: FORMAT_VERSION,
    plain: plain.digest(),
    stored: stored.digest(),
    compression: 'zstd',
    ...(cipher === undefined ? {} : { encryption: { format: 'age' as const, keyIds: cipher.keyIds } }),
    events: events(),
  };
  const text = encodeManifest(manifest);
  const manifestSha256 = createHash('sha256').update(text).digest('hex');
  return { manifest, manifestSha256, object: Buffer.concat([manifestFrames(text), ...pieces]) };
}

async function* compress(
  lines: Iterable<string> | AsyncIterable<string>,
  plain: Digesting,
): AsyncGenerator<Buffer, void, undefined> {
  const stream = createZstdCompress({
    params: { [zlib.ZSTD_c_compressionLevel]: 3, [zlib.ZSTD_c_checksumFlag]: 1 },
  });
  const feeding = (async () => {
    try {
      for await (const bytes of inWrites(lines)) {
        plain.update(bytes);
        if (!stream.write(bytes)) await once(stream, 'drain');
      }
      stream.end();
    } catch (error) {
      stream.destroy(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  })();
  feeding.catch(() => undefined);
  try {
    for await (const piece of stream) yield piece;
    await feeding;
  } finally {
    stream.destroy();
  }
}

/** Lines put together, since every write to the compressor is a job for another thread. */
async function* inWrites(lines: Iterable<string> | AsyncIterable<string>): AsyncGenerator<Buffer, void, undefined> {
  let pending: string[] = [];
  let length = 0;
  for await (const line of lines) {
    pending.push(line);
    length += line.length;
    if (length < WRITE_BYTES) continue;
    yield Buffer.from(pending.join(''));
    pending = [];
    length = 0;
  }
  if (length > 0) yield Buffer.from(pending.join(''));
}

/** Counts and hashes what goes by. */
class Digesting {
  readonly #hash: Hash = createHash('sha256');
  #bytes = 0;

  update(piece: Buffer): void {
    this.#hash.update(piece);
    this.#bytes += piece.length;
  }

  digest(): Digest {
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }
}
