import { constants, createZstdCompress, type ZstdCompress } from 'node:zlib';

/** From 1, which is quick, to 3, which is zstd's own default and seldom worth its time here. */
export type ZstdLevel = 1 | 2 | 3;

/** Pieces are gathered to this size: each one is a trip to another thread. */
const PIECE_BYTES = 512 * 1024;

/**
 * Compresses with zstd, with its checksum. Nothing is read ahead of the consumer but a piece or two. Where the source throws,
 * so does this: a read error never looks like an end. A consumer that leaves early does not wait for the source: whoever
 * owns that ends it.
 */
export async function* compressed(
  source: AsyncIterable<Buffer>,
  level: ZstdLevel,
): AsyncGenerator<Buffer, void, undefined> {
  const zstd = createZstdCompress({
    chunkSize: PIECE_BYTES,
    params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
  });
  const feeding = feed(source, zstd).catch((error: unknown) => {
    zstd.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  });
  // It is awaited below, or has failed for what is thrown there.
  feeding.catch(() => undefined);
  try {
    for await (const piece of zstd as AsyncIterable<Buffer>) yield piece;
    await feeding;
  } finally {
    zstd.destroy();
  }
}

/** Two pieces by turns, one being gathered while zstd is at the other: new ones for each would cost more than their copies. */
async function feed(source: AsyncIterable<Buffer>, zstd: ZstdCompress): Promise<void> {
  let [filling, spare] = [Buffer.allocUnsafe(PIECE_BYTES), Buffer.allocUnsafe(PIECE_BYTES)];
  let filled = 0;
  let taken = Promise.resolve();
  const give = async (): Promise<void> => {
    await taken;
    taken = written(zstd, filling.subarray(0, filled));
    // It is awaited before the next one, or at the end.
    taken.catch(() => undefined);
    [filling, spare] = [spare, filling];
    filled = 0;
  };
  for await (const part of source) {
    for (let from = 0; from < part.length; ) {
      const copied = part.copy(filling, filled, from);
      from += copied;
      filled += copied;
      if (filled === PIECE_BYTES) await give();
    }
  }
  if (filled > 0) await give();
  await taken;
  zstd.end();
}

/** Resolves when zstd is done with the piece. */
function written(zstd: ZstdCompress, piece: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  zstd.write(piece, (error) => (error ? reject(error) : resolve()));
  return promise;
}
