import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { FullEntry, SegmentEntry } from '../chain/catalogue.ts';
import type { Chain } from '../chain.ts';
import { foreignTo, historyOf } from '../history.ts';
import { type DeltaManifest, type FullManifest, parseManifest } from '../manifest.ts';
import type { Store } from '../store/store.ts';
import { BrokenObject, brokenOr, objectDamaged } from './broken-object.ts';
import { checkedBytes, decompressed, resumed } from './checked-bytes.ts';
import { type Decryption, decrypting } from './decrypting.ts';
import { severalAtOnce } from './several-at-once.ts';
import { openStoredSegment } from './stored-segment.ts';

/** A remote store answers each request late, and many of them together just as late; of each, only a piece is in memory. */
const SEGMENTS_AT_ONCE = 8;

/** A chain that lies on this machine, every byte of it checked. */
export interface FetchedChain {
  readonly full: FullManifest;
  /** As etcd streamed it. */
  readonly snapshotFile: string;
  readonly segments: readonly FetchedSegment[];
}

/** A segment as it was stored, perhaps encrypted. */
export interface FetchedSegment {
  readonly key: string;
  readonly file: string;
  readonly manifest: DeltaManifest;
}

export interface FetchOptions {
  readonly store: Store;
  readonly decryption?: Decryption;
  /** Where it goes. */
  readonly folder: string;
  /** Hears of bytes as they come. */
  readonly onBytes?: (bytes: number) => void;
}

/** Reads a manifest of a full snapshot. Throws `BrokenObject`, or what the store does. */
export async function readFullManifest(
  store: Store,
  entry: FullEntry,
  signal: AbortSignal,
): Promise<{ readonly manifest: FullManifest; readonly sha256: string }> {
  try {
    const pieces: Buffer[] = [];
    for await (const piece of resumed(store, entry.key, signal)) pieces.push(piece);
    const text = Buffer.concat(pieces);
    const manifest = parseManifest(text, entry.key);
    if (manifest.kind !== 'full' || manifest.lastRevision !== entry.name.revision) {
      throw objectDamaged(entry.key, 'it is the manifest of something else');
    }
    return { manifest, sha256: createHash('sha256').update(text).digest('hex') };
  } catch (error) {
    throw brokenOr(entry.key, error);
  }
}

/**
 * Brings all of a chain into a folder and checks it against its manifests. What is there already from a plan that failed is
 * not fetched again. Throws `BrokenObject` where an object is missing or damaged, `IDENTITY_MISSING`, `ENOSPC`, and what the
 * store throws.
 */
export class ChainFetch {
  readonly #options: FetchOptions;
  readonly #fulls = new Map<string, { readonly full: FullManifest; readonly file: string }>();
  readonly #segments = new Map<string, FetchedSegment>();
  #segmentFiles = 0;

  constructor(options: FetchOptions) {
    this.#options = options;
  }

  async fetch(chain: Chain, signal: AbortSignal): Promise<FetchedChain> {
    // The small ones first: a broken one is found before the large download.
    const segments = await this.segments(chain.segments, signal);
    const { full, file } = await this.#full(chain.full, signal);
    await this.#requireOneHistory(chain.full.key, full, segments, signal);
    return { full, snapshotFile: file, segments };
  }

  /** Segments alone; of which history they are is for the caller to look at. */
  async segments(entries: readonly SegmentEntry[], signal: AbortSignal): Promise<readonly FetchedSegment[]> {
    return await severalAtOnce(entries, SEGMENTS_AT_ONCE, (entry) => this.#segment(entry, signal));
  }

  /** Revisions of another history would go in as if they were this one's. */
  async #requireOneHistory(
    fullKey: string,
    full: FullManifest,
    segments: readonly FetchedSegment[],
    signal: AbortSignal,
  ): Promise<void> {
    const all = [{ key: fullKey, manifest: full }, ...segments];
    const manifests = all.map(({ manifest }) => manifest);
    const history = await historyOf(this.#options.store, manifests, signal);
    for (const { key, manifest } of all) {
      const foreign = history === undefined ? undefined : foreignTo(history, key, manifest);
      if (foreign !== undefined) throw new BrokenObject(key, foreign);
    }
  }

  async #full(entry: FullEntry, signal: AbortSignal): Promise<{ readonly full: FullManifest; readonly file: string }> {
    const there = this.#fulls.get(entry.key);
    if (there !== undefined) return there;
    const { store, decryption, folder, onBytes } = this.#options;
    const { manifest: full } = await readFullManifest(store, entry, signal);
    const file = join(folder, `full-${this.#fulls.size}.snap`);
    try {
      const stored = checkedBytes(counted(resumed(store, full.object, signal), onBytes), full.stored, full.object);
      const compressed = decrypting(stored, full, decryption, full.object);
      const plain = checkedBytes(decompressed(compressed, full.object, signal), full.plain, full.object);
      await pipeline(plain, createWriteStream(file, { mode: 0o600, flags: 'w' }), { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw brokenOr(entry.key, error);
    }
    const fetched = { full, file };
    this.#fulls.set(entry.key, fetched);
    return fetched;
  }

  async #segment(entry: SegmentEntry, signal: AbortSignal): Promise<FetchedSegment> {
    const there = this.#segments.get(entry.key);
    if (there !== undefined) return there;
    const { store, folder, onBytes } = this.#options;
    const file = join(folder, `segment-${this.#segmentFiles}.delta`);
    this.#segmentFiles += 1;
    try {
      const source = counted(resumed(store, entry.key, signal), onBytes);
      const { manifest, bytes } = await openStoredSegment(source, entry.key);
      await pipeline(bytes, createWriteStream(file, { mode: 0o600, flags: 'w' }), { signal });
      const fetched = { key: entry.key, file, manifest };
      this.#segments.set(entry.key, fetched);
      return fetched;
    } catch (error) {
      signal.throwIfAborted();
      throw brokenOr(entry.key, error);
    }
  }
}

async function* counted(
  source: AsyncIterable<Buffer>,
  onBytes: FetchOptions['onBytes'],
): AsyncGenerator<Buffer, void, undefined> {
  for await (const piece of source) {
    onBytes?.(piece.length);
    yield piece;
  }
}
