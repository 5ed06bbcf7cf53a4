import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Digest } from '../manifest.ts';
import { piecesOf } from '../store/pieces.ts';

/** Writes a new file (0600) and syncs it; says what it wrote. Throws what `body` throws, and the signal's reason. */
export async function writeKept(
  path: string,
  body: Buffer | AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<Digest> {
  await using file = await open(path, 'wx', 0o600);
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of piecesOf(body, signal)) {
    hash.update(piece);
    for (let done = 0; done < piece.length; ) {
      const { bytesWritten } = await file.write(piece, done);
      done += bytesWritten;
    }
    bytes += piece.length;
  }
  await file.sync();
  return { bytes, sha256: hash.digest('hex') };
}
