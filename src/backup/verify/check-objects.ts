import type { FullEntry, SegmentEntry } from '../chain/catalogue.ts';
import { decodeSegment } from '../delta/segment.ts';
import type { DeltaManifest, FullManifest } from '../manifest.ts';
import { checkedBytes, decompressed, resumed } from '../restore/checked-bytes.ts';
import { type Decryption, decrypting } from '../restore/decrypting.ts';
import { readFullManifest } from '../restore/fetch-chain.ts';
import { openStoredSegment } from '../restore/stored-segment.ts';
import type { Store } from '../store/store.ts';

export interface CheckOptions {
  readonly store: Store;
  /** Where it is missing, of what is encrypted only the hash of what is stored is checked. */
  readonly decryption?: Decryption;
  readonly onBytes: (bytes: number) => void;
}

/** An object of which every byte was read and is as it was written. */
export interface Checked<M> {
  readonly manifest: M;
  readonly manifestSha256: string;
  /** False: it is encrypted, and only what is stored was checked. */
  readonly opened: boolean;
}

/** Reads all of a full snapshot. Throws as `ChainFetch` does. */
export async function checkFull(
  entry: FullEntry,
  { store, decryption, onBytes }: CheckOptions,
  signal: AbortSignal,
): Promise<Checked<FullManifest>> {
  const { manifest, sha256: manifestSha256 } = await readFullManifest(store, entry, signal);
  const { object } = manifest;
  const stored = checkedBytes(resumed(store, object, signal), manifest.stored, object);
  const opened = manifest.encryption === undefined || decryption !== undefined;
  if (opened) {
    const compressed = decrypting(counted(stored, onBytes), manifest, decryption, object);
    await drain(checkedBytes(decompressed(compressed, object, signal), manifest.plain, object));
  } else await drain(counted(stored, onBytes));
  return { manifest, manifestSha256, opened };
}

/** Reads all of a segment, its records too. Throws as `ChainFetch` does. */
export async function checkSegment(
  entry: SegmentEntry,
  { store, decryption, onBytes }: CheckOptions,
  signal: AbortSignal,
): Promise<Checked<DeltaManifest>> {
  const source = counted(resumed(store, entry.key, signal), onBytes);
  const { manifest, manifestSha256, bytes } = await openStoredSegment(source, entry.key);
  const opened = manifest.encryption === undefined || decryption !== undefined;
  if (opened) {
    const { records } = await decodeSegment(bytes, {
      key: entry.key,
      decrypt: (stream) => decrypting(stream, manifest, decryption, entry.key),
    });
    await drain(records);
  } else await drain(bytes);
  return { manifest, manifestSha256, opened };
}

async function* counted(
  source: AsyncIterable<Buffer>,
  onBytes: CheckOptions['onBytes'],
): AsyncGenerator<Buffer, void, undefined> {
  for await (const piece of source) {
    onBytes(piece.length);
    yield piece;
  }
}

async function drain(source: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of source);
}
