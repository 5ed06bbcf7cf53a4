import type { SegmentEntry } from '../chain/catalogue.ts';
import type { DeltaRecord } from '../delta/revision-batch.ts';
import { decodeSegment } from '../delta/segment.ts';
import type { Store } from '../store/store.ts';
import { brokenOr } from './broken-object.ts';
import { resumed } from './checked-bytes.ts';
import { type Decryption, decrypting } from './decrypting.ts';
import { openStoredSegment } from './stored-segment.ts';

export interface StoredRecordsOptions {
  readonly store: Store;
  readonly decryption?: Decryption;
  /** Hears of bytes as they come. */
  readonly onBytes?: (bytes: number) => void;
}

/**
 * What a segment holds, straight from the store. Throws `BrokenObject` where it is missing or not what its manifest says, at the
 * latest at its end: whoever made use of its records before that begins anew without it. Throws `IDENTITY_MISSING`, and what
 * the store throws.
 */
export async function* storedRecords(
  { key }: SegmentEntry,
  { store, decryption, onBytes }: StoredRecordsOptions,
  signal: AbortSignal,
): AsyncGenerator<DeltaRecord & { readonly endedAtMs: number }, void, undefined> {
  try {
    const { manifest, bytes } = await openStoredSegment(counted(resumed(store, key, signal), onBytes), key);
    const { records } = await decodeSegment(bytes, {
      key,
      decrypt: (stream) => decrypting(stream, manifest, decryption, key),
    });
    for await (const record of records) yield { ...record, endedAtMs: manifest.endedAtMs };
  } catch (error) {
    signal.throwIfAborted();
    throw brokenOr(key, error);
  }
}

/** The same bytes; `onBytes` hears of each piece. */
export async function* counted(
  source: AsyncIterable<Buffer>,
  onBytes: ((bytes: number) => void) | undefined,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const piece of source) {
    onBytes?.(piece.length);
    yield piece;
  }
}
