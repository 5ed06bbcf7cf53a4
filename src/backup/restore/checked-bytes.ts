import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdDecompress } from 'node:zlib';
import type { Digest } from '../manifest.ts';
import { type Store, StoreError } from '../store/store.ts';
import { objectDamaged } from './broken-object.ts';

const PIECE_BYTES = 512 * 1024;
/** In a row, none of which brought a byte. */
const ATTEMPTS = 5;

/** Passes everything through; throws `OBJECT_DAMAGED` at its end where it is not what the manifest says. */
export async function* checkedBytes(
  source: AsyncIterable<Buffer>,
  { bytes, sha256 }: Digest,
  object: string,
): AsyncGenerator<Buffer, void, undefined> {
  const hash = createHash('sha256');
  let read = 0;
  for await (const piece of source) {
    read += piece.length;
    if (read > bytes) throw objectDamaged(object, `it is longer than ${bytes} bytes`);
    hash.update(piece);
    yield piece;
  }
  if (read !== bytes) throw objectDamaged(object, `it ends after ${read} of ${bytes} bytes`);
  if (hash.digest('hex') !== sha256) throw objectDamaged(object, 'its SHA-256 is another one');
}

/** An object as it is stored; where reading it fails midway, it goes on behind the last byte that came. */
export async function* resumed(
  store: Store,
  key: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  let fromByte = 0;
  for (let failures = 0; ; ) {
    try {
      for await (const piece of store.get(key, fromByte === 0 ? undefined : { fromByte }, signal)) {
        fromByte += piece.length;
        failures = 0;
        yield piece;
      }
      return;
    } catch (error) {
      signal.throwIfAborted();
      failures += 1;
      const mayPass =
        error instanceof StoreError && (error.code === 'STORE_UNREACHABLE' || error.code === 'STORE_FAILED');
      if (!mayPass || failures >= ATTEMPTS) throw error;
    }
  }
}

/** Undoes zstd. Throws `OBJECT_DAMAGED` where it is none, and what the source throws. */
export async function* decompressed(
  source: AsyncIterable<Buffer>,
  object: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const zstd = createZstdDecompress({
    chunkSize: PIECE_BYTES,
    params: { [constants.ZSTD_d_windowLogMax]: 27 },
  });
  let ofSource: { readonly error: unknown } | undefined;
  const watched = async function* (): AsyncGenerator<Buffer, void, undefined> {
    try {
      yield* source;
    } catch (error) {
      ofSource = { error };
      throw error;
    }
  };
  const feeding = pipeline(watched(), zstd, { signal });
  // It is awaited below, or has failed for what is thrown here already.
  feeding.catch(() => undefined);
  try {
    for await (const piece of zstd as AsyncIterable<Buffer>) yield piece;
    await feeding;
  } catch (error) {
    signal.throwIfAborted();
    if (ofSource !== undefined) throw ofSource.error;
    throw objectDamaged(object, error instanceof Error ? error.message : String(error));
  } finally {
    zstd.destroy();
    await feeding.catch(() => undefined);
  }
}
