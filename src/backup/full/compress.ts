import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';

/** From 1, which is quick, to 3, which is zstd's own default and seldom worth its time here. */
export type ZstdLevel = 1 | 2 | 3;

/** Pieces are gathered to this size: each one is a trip to another thread. */
const PIECE_BYTES = 512 * 1024;

/**
 * Compresses with zstd, with its checksum. Nothing is read ahead of the consumer but a piece or two. Where the source throws,
 * so does this: a read error never looks like an end. Throws the signal's reason.
 */
export async function* compressed(
  source: AsyncIterable<Buffer>,
  level: ZstdLevel,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const zstd = createZstdCompress({
    chunkSize: PIECE_BYTES,
    params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
  });
  const feeding = pipeline(gathered(source), zstd, { signal });
  // It is awaited below, or has failed for what is thrown here already.
  feeding.catch(() => undefined);
  try {
    for await (const piece of zstd as AsyncIterable<Buffer>) yield piece;
    await feeding;
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    zstd.destroy();
    await feeding.catch(() => undefined);
  }
}

async function* gathered(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of source) {
    parts.push(part);
    bytes += part.length;
    if (bytes < PIECE_BYTES) continue;
    yield Buffer.concat(parts, bytes);
    parts = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(parts, bytes);
}
