import { AgentError } from '../../cluster/agent-error.ts';
import type { Catalogue, SegmentEntry } from '../chain/catalogue.ts';
import { supersededOf } from '../chain.ts';
import { type DeltaName, deltaKey, ENCRYPTED_ENDING } from '../names.ts';
import { byRevision } from '../revisions.ts';
import { type Store, StoreError } from '../store/store.ts';
import { joinedRecords, spanOf } from './joined-records.ts';
import { DEFAULT_MERGE_LIMITS, type MergeLimits, type MergePlan, nextMerge } from './merge-plan.ts';
import type { DeltaRecord } from './revision-batch.ts';
import { type Decrypt, decodeSegment, type OpenSegment } from './segment.ts';
import { levelOf, segmentId } from './segment-id.ts';
import { type EncodedSegment, encodeSegment, type SegmentCipher, type SegmentFacts } from './segment-writer.ts';

/** A segment that cannot be read is left alone, and nothing is merged across it. */
const UNREADABLE: ReadonlySet<string> = new Set([
  'DECRYPTION_FAILED',
  'DECRYPTION_KEY_WRONG',
  'IDENTITY_UNREADABLE',
  'SEGMENT_DAMAGED',
  'SEGMENT_ENCRYPTED',
  'STORE_COLD',
  'MANIFEST_UNREADABLE',
  'MANIFEST_NEWER',
]);

/** So long an object that could not be read is left alone. */
const REMEMBERED_MS = 3_600_000;

export interface MergerOptions {
  /** Its keys are those of one timeline. */
  readonly store: Store;
  readonly epoch: () => bigint;
  readonly limits?: MergeLimits;
  /** Asked for each object. */
  readonly cipher?: () => Promise<SegmentCipher>;
  /** Without it encrypted segments stay as they are; so they do without a cipher, since what is encrypted must remain so. */
  readonly decrypt?: Decrypt;
  /** Wall clock, ms since 1970; for tests. */
  readonly now?: () => number;
}

/** What a round of merging did. */
export interface MergeOutcome {
  /** Keys of the new objects. */
  readonly merged: readonly string[];
  /** Keys of the objects that were taken away, since one of those holds them. */
  readonly removed: readonly string[];
  /** Objects that could not be read: `backup verify` tells more. */
  readonly unreadable: readonly string[];
  /** The store does not let anything be taken away. */
  readonly keepsAll: boolean;
}

/**
 * Makes large segments out of many small ones. The large one is in the store, and has been read back, before a small one goes; so
 * whatever it dies at, everything is there at least once.
 */
export class Merger {
  readonly #options: MergerOptions;
  readonly #unreadable = new Set<string>();
  #forgetAtMs = 0;
  #keepsAll = false;

  constructor(options: MergerOptions) {
    const { decrypt: _, ...others } = options;
    this.#options = options.cipher === undefined ? others : options;
  }

  /**
   * Merges what there is to merge, oldest first, and takes away what earlier rounds left behind. Throws what the store fails
   * with; then another round goes on from there.
   */
  async round(catalogue: Catalogue, signal: AbortSignal): Promise<MergeOutcome> {
    const { limits = DEFAULT_MERGE_LIMITS, now = Date.now } = this.#options;
    if (performance.now() > this.#forgetAtMs) {
      // Identities are changed, and what was damaged may have been put back.
      this.#unreadable.clear();
      this.#forgetAtMs = performance.now() + REMEMBERED_MS;
    }
    const locked = this.#options.decrypt === undefined ? catalogue.segments.filter(isEncrypted) : [];
    const leftAlone = (): ReadonlySet<string> => new Set([...locked.map(({ key }) => key), ...this.#unreadable]);
    let segments = [...catalogue.segments];
    const merged: string[] = [];
    const removed = [...(await this.#clean(segments, signal))];
    segments = without(segments, removed);
    for (;;) {
      signal.throwIfAborted();
      const plan = nextMerge(segments, now(), limits, leftAlone());
      if (plan === undefined) break;
      const whole = await this.#merge(plan, signal);
      if (whole === undefined) continue;
      merged.push(whole.key);
      const gone = await this.#removeAll(plan.segments, signal);
      removed.push(...gone);
      segments = inserted(without(segments, gone), whole);
    }
    return { merged, removed, unreadable: [...this.#unreadable], keepsAll: this.#keepsAll };
  }

  /** Undefined where one of them cannot be read: it is remembered. */
  async #merge({ segments, level }: MergePlan, signal: AbortSignal): Promise<SegmentEntry | undefined> {
    const { store, cipher, epoch, now = Date.now } = this.#options;
    const joined = await this.#join(segments, signal);
    if (joined === undefined) return undefined;
    const { manifest, object } = joined;
    const { firstRevision: from, lastRevision: to } = manifest;
    const name: DeltaName = { kind: 'delta', from, to, epoch: epoch(), id: segmentId(level) };
    const key = deltaKey(name, cipher !== undefined);
    await store.put(key, object, { expectedBytes: object.length }, signal);
    if (!(await this.#isSame(key, object, signal))) {
      throw new StoreError('STORE_DAMAGED', `${store.url} gave back something else than ${key} that was put there.`, {
        key,
        remedy: 'Nothing is lost by it: the small segments are still there. See whether the store is sound.',
      });
    }
    return { key, name, bytes: object.length, modifiedAtMs: now() };
  }

  /** All of them as one; undefined where one cannot be read, which is remembered. */
  async #join(segments: readonly SegmentEntry[], signal: AbortSignal): Promise<EncodedSegment | undefined> {
    const { store, decrypt, epoch } = this.#options;
    const cipher = await this.#options.cipher?.();
    const opened: Omit<OpenSegment, 'records'>[] = [];
    let reading = '';
    async function* each(): AsyncGenerator<AsyncIterable<DeltaRecord>, void, undefined> {
      for (const { key } of segments) {
        reading = key;
        const source = store.get(key, undefined, signal);
        const { records, ...said } = await decodeSegment(source, {
          key,
          ...(decrypt === undefined ? {} : { decrypt }),
        });
        opened.push(said);
        yield records;
      }
    }
    const after = (segments[0]?.name.from ?? 1n) - 1n;
    try {
      return await encodeSegment(
        () => factsOf(opened, epoch()),
        joinedRecords(each(), after),
        cipher === undefined ? {} : { cipher },
      );
    } catch (error) {
      if (!(error instanceof AgentError) || !UNREADABLE.has(error.code)) throw error;
      this.#unreadable.add(reading);
      return undefined;
    }
  }

  /** What a round that was cut short has left behind: small segments that a merged one holds, which is proven first. */
  async #clean(segments: readonly SegmentEntry[], signal: AbortSignal): Promise<readonly string[]> {
    if (this.#keepsAll) return [];
    const superseded = supersededOf({ segments });
    const keepers = new Map<SegmentEntry, SegmentEntry[]>();
    for (const segment of superseded) {
      const keeper = segments.find(
        (other) =>
          !superseded.includes(other) && other.name.from <= segment.name.from && other.name.to >= segment.name.to,
      );
      if (keeper !== undefined && levelOf(keeper.name.id) > 0) {
        keepers.set(keeper, [...(keepers.get(keeper) ?? []), segment]);
      }
    }
    const removed: string[] = [];
    for (const [keeper, held] of keepers) {
      if (await this.#isReadable(keeper, signal)) removed.push(...(await this.#removeAll(held, signal)));
    }
    return removed;
  }

  async #isReadable(segment: SegmentEntry, signal: AbortSignal): Promise<boolean> {
    const { key } = segment;
    const { store, decrypt } = this.#options;
    if (this.#unreadable.has(key) || (decrypt === undefined && isEncrypted(segment))) return false;
    try {
      const source = store.get(key, undefined, signal);
      const { records } = await decodeSegment(source, { key, ...(decrypt === undefined ? {} : { decrypt }) });
      for await (const _ of records);
      return true;
    } catch (error) {
      if (!(error instanceof AgentError) || !UNREADABLE.has(error.code)) throw error;
      this.#unreadable.add(key);
      return false;
    }
  }

  async #isSame(key: string, object: Buffer, signal: AbortSignal): Promise<boolean> {
    let at = 0;
    for await (const piece of this.#options.store.get(key, undefined, signal)) {
      if (!object.subarray(at, at + piece.length).equals(piece)) return false;
      at += piece.length;
    }
    return at === object.length;
  }

  /** Gives the keys that are gone: none more once the store has said that it keeps everything. */
  async #removeAll(segments: readonly SegmentEntry[], signal: AbortSignal): Promise<readonly string[]> {
    const removed: string[] = [];
    for (const { key } of segments) {
      if (this.#keepsAll) break;
      try {
        await this.#options.store.remove(key, signal);
        removed.push(key);
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== 'STORE_DENIED') throw error;
        this.#keepsAll = true;
      }
    }
    return removed;
  }
}

/** Told by the name: fetching each one only to learn it would cost a request for each of thousands, again and again. */
function isEncrypted({ key }: SegmentEntry): boolean {
  return key.endsWith(ENCRYPTED_ENDING);
}

/** What a merged segment says of itself. */
function factsOf(segments: readonly Omit<OpenSegment, 'records'>[], epoch: bigint): SegmentFacts {
  const last = segments.at(-1);
  if (last === undefined) throw new RangeError('there is nothing to merge');
  const { endsWithManifestSha256 = last.manifestSha256 } = last.manifest;
  return { ...spanOf(segments.map(({ manifest }) => manifest)), epoch, endsWithManifestSha256 };
}

function without(segments: readonly SegmentEntry[], keys: readonly string[]): SegmentEntry[] {
  const gone = new Set(keys);
  return segments.filter(({ key }) => !gone.has(key));
}

function inserted(segments: readonly SegmentEntry[], segment: SegmentEntry): SegmentEntry[] {
  return [...segments, segment].toSorted((a, b) => byRevision(a.name.from, b.name.from));
}
