import { createHash } from 'node:crypto';
import type { FullManifest } from '../manifest.ts';
import { type Store, StoreError } from '../store/store.ts';

/** A full snapshot and its manifest as they were put. */
export interface PutFull {
  readonly key: string;
  readonly manifest: FullManifest;
  readonly manifestSha256: string;
}

/**
 * Reads back what was put, all of it, and compares: the store then holds what it said it took. Neither an identity nor room is
 * needed. Throws `STORE_DAMAGED`, `STORE_NOT_FOUND` and what else the store does.
 */
export async function readBack(
  store: Store,
  { key, manifest, manifestSha256 }: PutFull,
  signal?: AbortSignal,
): Promise<void> {
  await compare(store, manifest.object, manifest.stored.sha256, signal);
  // The manifest last, as it was written: one that is there says that the snapshot was there when it was looked at.
  await compare(store, key, manifestSha256, signal);
}

async function compare(store: Store, key: string, sha256: string, signal: AbortSignal | undefined): Promise<void> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of store.get(key, undefined, signal)) {
    hash.update(piece);
    bytes += piece.length;
  }
  if (hash.digest('hex') === sha256) return;
  throw new StoreError('STORE_DAMAGED', `${key} in ${store.url} is not what was put there: ${bytes} bytes came back.`, {
    key,
    remedy: 'Take another full snapshot at once, and look at the store: what it confirmed it does not have.',
  });
}
