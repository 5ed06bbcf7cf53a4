import type { SegmentEntry } from '../../chain/catalogue.ts';
import type { RevisionRange } from '../../chain.ts';
import { MANIFEST_READ_BYTES } from '../../delta/manifest-frames.ts';
import { readSegmentManifest } from '../../delta/segment.ts';
import type { DeltaManifest } from '../../manifest.ts';
import type { Store } from '../../store/store.ts';
import { storedRecords } from '../stored-records.ts';
import type { Search } from './search.ts';

/** A revision with the time at which it was seen, or by which; ms since 1970. */
export interface Seen {
  readonly revision: bigint;
  readonly atMs: number;
}

/** How far it had been seen by then. */
export interface Onwards {
  readonly reached: Seen;
  readonly lost?: RevisionRange;
  /** The first one that was seen later. */
  readonly next?: Seen;
}

/** Goes on from a revision, as far as what follows it had been seen by then; also beyond what nobody can read, to see what is lost. */
export async function onwards(ended: Seen, atMs: number, search: Search, signal: AbortSignal): Promise<Onwards> {
  let reached = ended;
  let walked = ended.revision;
  let lostTo = 0n;
  const lost = (): Pick<Onwards, 'lost'> =>
    lostTo > reached.revision ? { lost: { from: reached.revision + 1n, to: lostTo } } : {};
  for (;;) {
    const step = following(walked, search);
    if (step === undefined) return { reached, ...lost() };
    if (search.isBroken(step.key)) {
      if (await hadBegunAfter(atMs, step, search, signal)) return { reached, ...lost() };
      walked = step.name.to;
      lostTo = walked;
      continue;
    }
    const read = await seenUntil(step, { after: walked, atMs }, search, signal);
    // It is broken: perhaps others hold the same.
    if (read === undefined) continue;
    const isHole = step.name.from > walked + 1n;
    if (read.last !== undefined) {
      if (isHole || lostTo > 0n) lostTo = read.last.revision;
      else reached = read.last;
    }
    if (read.next !== undefined) return { reached, ...lost(), next: read.next };
    walked = step.name.to;
  }
}

/** The segment in which the next revision is: the one that goes furthest, a whole one first; else the next one behind a hole. */
function following(walked: bigint, search: Search): SegmentEntry | undefined {
  const ahead = search.catalogue.segments.filter(({ name }) => name.to > walked);
  const holding = ahead.filter(({ name }) => name.from <= walked + 1n);
  const candidates = holding.length > 0 ? holding : ahead.filter(({ name }) => name.from === ahead[0]?.name.from);
  const whole = candidates.filter(({ key }) => !search.isBroken(key));
  const furthest = (whole.length > 0 ? whole : candidates).toSorted((a, b) => (a.name.to > b.name.to ? -1 : 1));
  return furthest[0];
}

/** Of a broken one: whether it says itself that nothing in it had been seen by then. */
async function hadBegunAfter(
  atMs: number,
  { key }: SegmentEntry,
  { store }: Search,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    return (await segmentManifest(store, key, signal)).startedAtMs > atMs;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/** Throws what reading it does. */
export async function segmentManifest(store: Store, key: string, signal: AbortSignal): Promise<DeltaManifest> {
  const head = store.get(key, { fromByte: 0, toByte: MANIFEST_READ_BYTES }, signal);
  return (await readSegmentManifest(head, key)).manifest;
}

interface Read {
  /** The last one that had been seen by then. */
  readonly last?: Seen;
  readonly next?: Seen;
}

/** Undefined where it is broken: nothing of it can be restored either. */
async function seenUntil(
  entry: SegmentEntry,
  { after, atMs }: { readonly after: bigint; readonly atMs: number },
  search: Search,
  signal: AbortSignal,
): Promise<Read | undefined> {
  let last: Seen | undefined;
  let next: Seen | undefined;
  try {
    for await (const record of storedRecords(entry, search, signal)) {
      // It is read to its end all the same: only then is it proven.
      if (record.kind === 'lease' || record.batch.revision <= after || next !== undefined) continue;
      const { revision, seenAtMs = record.endedAtMs } = record.batch;
      const seen = { revision, atMs: seenAtMs };
      if (seenAtMs > atMs) next = seen;
      else last = seen;
    }
  } catch (error) {
    signal.throwIfAborted();
    search.note(entry.key, error);
    return undefined;
  }
  return { ...(last !== undefined && { last }), ...(next !== undefined && { next }) };
}
