import { readCatalogue, type SegmentEntry } from '../chain/catalogue.ts';
import { pathFrom } from '../chain/path.ts';
import { newestNamed } from '../chain.ts';
import { BrokenObject } from '../restore/broken-object.ts';
import type { Avoided } from '../restore/restored-scratch.ts';
import { type KeyRevision, keyRevision, NewestRevisions } from './key-revision.ts';
import { KnownRevisions, type UnknownRevisions } from './known-revisions.ts';
import { StoreReader, type StoreReaderOptions } from './store-reader.ts';

export interface HistoryOptions extends StoreReaderOptions {
  readonly key: Buffer;
  /** The newest ones that are given, at most. */
  readonly limit: number;
  /** Give values too. */
  readonly values: boolean;
}

/** Everything that a store still knows of a key. */
export interface KeyHistory {
  readonly key: Buffer;
  /** Revisions that are known, be they given or not. */
  readonly total: number;
  /** The newest ones, ascending. */
  readonly revisions: readonly KeyRevision[];
  readonly unknown: readonly UnknownRevisions[];
  /** Broken objects: what only they held is not known. */
  readonly avoided: readonly Avoided[];
}

const MOST_LISTINGS = 5;

/**
 * Reads every revision of a key from a store: from all segments, and from each full snapshot that tells what they do not, which
 * is what happened between its compaction and itself, and the last write before that. In a store without gaps that
 * is the oldest one. A revision that several objects hold is told once; where a key had been deleted, what was before is told
 * too. It needs neither etcd nor its tools. Throws `IDENTITY_MISSING`, `NO_ROOM`, and what the store throws.
 */
export async function keyHistory(options: HistoryOptions, signal: AbortSignal): Promise<KeyHistory> {
  const catalogue = await readCatalogue(options.store, signal);
  await using reader = new StoreReader(options, signal);
  const found = new Findings(options, reader, signal);
  await found.readSegments(catalogue.segments);
  for (const full of catalogue.fulls) {
    await found.attempt(async () => {
      const { compactRevision, endedAtMs } = await reader.manifestOf(full);
      const { revision } = full.name;
      if (found.known.tells({ revision, compactRevision })) await found.readFull(full, compactRevision, endedAtMs);
    });
  }
  const { newest, known, avoided } = found;
  return {
    ...{ key: options.key, total: newest.total, revisions: newest.sorted() },
    ...{ unknown: known.unknown(newestNamed(catalogue)), avoided },
  };
}

class Findings {
  readonly known = new KnownRevisions();
  readonly avoided: Avoided[] = [];
  readonly newest: NewestRevisions;
  readonly #options: HistoryOptions;
  readonly #reader: StoreReader;
  readonly #signal: AbortSignal;
  #listings = 1;
  /** Of before a compaction: several snapshots may hold the same one. */
  readonly #older = new Set<bigint>();

  constructor(options: HistoryOptions, reader: StoreReader, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#reader = reader;
    this.newest = new NewestRevisions(options.limit);
  }

  /** What `work` throws of a broken object is noted; true where it throws nothing. */
  async attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof BrokenObject)) throw error;
      this.avoided.push({ key: error.key, code: error.code, message: error.message });
      return false;
    }
  }

  /** All of them, each revision from one of them; over gaps, and around those that are broken where others hold the same. */
  async readSegments(all: readonly SegmentEntry[]): Promise<void> {
    let segments = all;
    this.#reader.expect(pathsThrough(all).reduce((sum, { bytes }) => sum + bytes, 0));
    for (let reached = 0n; ; ) {
      const next = nextOf(segments, reached);
      if (next === undefined) return;
      const { segment, after } = next;
      const isWhole = await this.attempt(() => this.#readSegment(segment, after));
      if (isWhole) reached = segment.name.to;
      else segments = (await this.#mergedMeanwhile(segment)) ?? segments.filter((other) => other !== segment);
    }
  }

  /** All segments anew, where one has gone since they were listed, as an agent merges or prunes: that is no fault. */
  async #mergedMeanwhile({ key }: SegmentEntry): Promise<readonly SegmentEntry[] | undefined> {
    if (this.avoided.at(-1)?.code !== 'STORE_NOT_FOUND' || this.#listings === MOST_LISTINGS) return undefined;
    const { segments } = await readCatalogue(this.#options.store, this.#signal);
    if (segments.some((segment) => segment.key === key)) return undefined;
    this.#listings += 1;
    this.avoided.pop();
    return segments;
  }

  async #readSegment(segment: SegmentEntry, after: bigint): Promise<void> {
    const { key, values, limit } = this.#options;
    // Counts only when all of it has been proven.
    const inIt = new NewestRevisions(limit);
    for await (const { event, ...when } of this.#reader.events([segment], after, segment.name.to)) {
      if (event.key.equals(key)) inIt.add(keyRevision(when, event.type === 'put' ? event : undefined, values));
    }
    this.newest.addAll(inIt);
    this.known.addRange({ from: after + 1n, to: segment.name.to });
  }

  async readFull(
    full: Parameters<StoreReader['entries']>[0],
    compactRevision: bigint,
    endedAtMs: number,
  ): Promise<void> {
    const { key, values, limit } = this.#options;
    const inIt = new NewestRevisions(limit);
    const older: bigint[] = [];
    await this.#reader.entries(full, full.name.revision, ({ revision, deleted, key: at, kv }) => {
      if (!at.equals(key) || this.known.covers(revision) || this.#older.has(revision)) return;
      if (revision <= compactRevision) older.push(revision);
      inIt.add(keyRevision({ revision, atMs: endedAtMs, atIs: 'latest' }, deleted ? undefined : kv(), values));
    });
    await this.#reader.forget(full);
    this.newest.addAll(inIt);
    for (const revision of older) this.#older.add(revision);
    this.known.addFull({ revision: full.name.revision, compactRevision });
  }
}

/** The segment to be read next, and after which revision; where none goes on from there, the next one behind the gap. */
function nextOf(
  segments: readonly SegmentEntry[],
  reached: bigint,
): { readonly segment: SegmentEntry; readonly after: bigint } | undefined {
  const behind = segments.find(({ name }) => name.to > reached);
  if (behind === undefined) return undefined;
  const after = behind.name.from > reached + 1n ? behind.name.from - 1n : reached;
  const [segment] = pathFrom(segments, after, after + 1n).segments;
  return segment === undefined ? undefined : { segment, after };
}

/** Those that are read where none is broken. */
function pathsThrough(segments: readonly SegmentEntry[]): readonly SegmentEntry[] {
  const paths: SegmentEntry[] = [];
  for (let reached = 0n; ; ) {
    const next = nextOf(segments, reached);
    if (next === undefined) return paths;
    paths.push(next.segment);
    reached = next.segment.name.to;
  }
}
