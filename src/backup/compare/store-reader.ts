import type { FullEntry, SegmentEntry } from '../chain/catalogue.ts';
import type { DeltaEvent } from '../delta/revision-batch.ts';
import type { KeyEntry } from '../full/bolt/key-entries.ts';
import type { FullManifest } from '../manifest.ts';
import { readFullManifest } from '../restore/fetch-chain.ts';
import { storedRecords } from '../restore/stored-records.ts';
import { SnapshotFile, type SnapshotFileOptions } from './snapshot-file.ts';

/** An event as a segment tells it. */
export interface ToldEvent {
  readonly revision: bigint;
  /** In ms since 1970: when it was seen; where that is not known, when the segment ended. */
  readonly atMs: number;
  readonly atIs: 'seen' | 'latest';
  readonly event: DeltaEvent;
}

export interface StoreReaderOptions extends Omit<SnapshotFileOptions, 'onBytes'> {
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/**
 * Reads what comparing points needs. Segments come straight from the store each time; a snapshot is fetched once, and stays until
 * the reader is closed. All methods throw `BrokenObject`, `IDENTITY_MISSING`, and what the store throws.
 */
export class StoreReader implements AsyncDisposable {
  readonly #options: StoreReaderOptions & { readonly onBytes: (bytes: number) => void };
  readonly #signal: AbortSignal;
  readonly #manifests = new Map<string, FullManifest>();
  readonly #snapshots = new Map<string, SnapshotFile>();
  #doneBytes = 0;
  #totalBytes = 0;

  constructor(options: StoreReaderOptions, signal: AbortSignal) {
    this.#signal = signal;
    this.#options = {
      ...options,
      onBytes: (bytes) => {
        this.#doneBytes += bytes;
        options.onProgress?.({ done: this.#doneBytes, total: Math.max(this.#totalBytes, this.#doneBytes) });
      },
    };
  }

  /** So many more bytes are about to be read: for the progress only. */
  expect(bytes: number): void {
    this.#totalBytes += bytes;
  }

  async manifestOf(entry: FullEntry): Promise<FullManifest> {
    const known = this.#manifests.get(entry.key);
    if (known !== undefined) return known;
    const { manifest } = await readFullManifest(this.#options.store, entry, this.#signal);
    this.#manifests.set(entry.key, manifest);
    return manifest;
  }

  /**
   * The events of segments in the order in which they are given, each revision once, of revisions after one up to another.
   * Each segment is read to its end, since only then it is proven.
   */
  async *events(
    segments: readonly SegmentEntry[],
    after: bigint,
    upTo: bigint,
  ): AsyncGenerator<ToldEvent, void, undefined> {
    let last = after;
    for (const segment of segments) {
      if (segment.name.to <= last || segment.name.from > upTo) continue;
      for await (const record of storedRecords(segment, this.#options, this.#signal)) {
        if (record.kind === 'lease') continue;
        const { revision, events, seenAtMs } = record.batch;
        if (revision <= last || revision > upTo) continue;
        last = revision;
        const at = { atMs: seenAtMs ?? record.endedAtMs, atIs: seenAtMs === undefined ? 'latest' : 'seen' } as const;
        for (const event of events) yield { revision, ...at, event };
      }
    }
  }

  /** The entries of a snapshot up to a revision, ascending. */
  async entries(full: FullEntry, upTo: bigint, visit: (entry: KeyEntry) => void): Promise<void> {
    const there = this.#snapshots.get(full.key);
    const snapshot = there ?? (await this.#fetched(full));
    await snapshot.visit(upTo, visit, this.#signal);
  }

  async #fetched(full: FullEntry): Promise<SnapshotFile> {
    const manifest = await this.manifestOf(full);
    this.expect(manifest.stored.bytes);
    const snapshot = await SnapshotFile.fetch(full, manifest, this.#options, this.#signal);
    this.#snapshots.set(full.key, snapshot);
    return snapshot;
  }

  /** Lets go of a snapshot that is not needed any more. */
  async forget(full: FullEntry): Promise<void> {
    await this.#snapshots.get(full.key)?.[Symbol.asyncDispose]();
    this.#snapshots.delete(full.key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const snapshot of this.#snapshots.values()) await snapshot[Symbol.asyncDispose]();
    this.#snapshots.clear();
  }
}
