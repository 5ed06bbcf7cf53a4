import { catalogueOf } from './chain/catalogue.ts';
import { supersededOf } from './chain.ts';
import { DEFAULT_MERGE_LIMITS } from './delta/merge-plan.ts';
import { levelOf } from './delta/segment-id.ts';
import { timeOfName } from './names.ts';
import type { StoredObject } from './store/store.ts';

const DAY_MS = 86_400_000;
const MONTH_DAYS = 30;
/** So long is looked back for what is written now. */
const WINDOW_MS = DAY_MS;
/** Over less than this nobody can tell what a day comes to. */
const SHORTEST_MS = 10 * 60_000;
const GIGABYTE = 1e9;
/** A bucket is listed every five minutes for merging, all below `full/` and `delta/`. */
const LISTS_A_DAY = 2 * 288;

/** What a bucket costs: Amazon's list prices in us-east-1 for the class STANDARD, in USD, as docs/backup-deltas.md has them. */
export const PRICES = { puts1000: 0.005, gets1000: 0.0004, gigabyteMonth: 0.023 } as const;

/** How the agent writes, where it is known. */
export interface WritingHabits {
  /** Between two segments while something is written, ms. */
  readonly intervalMs: number;
  /** Size of the parts of a large object. */
  readonly partBytes: number;
  /** `local`: requests cost nothing. */
  readonly kind: 'local' | 'remote';
}

/** What a timeline costs in its store. */
export interface StoreCost {
  /** Of everything that lies there. */
  readonly objects: number;
  readonly bytes: number;
  /** Since when the figures of a day are told; undefined where what lies there is too young to tell. */
  readonly sinceMs?: number;
  /** Counted from sizes in the list. */
  readonly measured?: {
    readonly fullsPerDay: number;
    readonly fullBytesPerDay: number;
    /** Merged segments hold what the small ones held. */
    readonly deltaBytesPerDay: number;
  };
  readonly estimated?: {
    /** Segments as they were captured: a merged one is counted as the 32 of the level below that it holds at most. */
    readonly capturedPerDay: number;
    readonly putsPerDay: number;
    readonly getsPerDay: number;
    readonly listsPerDay: number;
    /** Of requests, and of what lies there now; 0 in a folder. */
    readonly usdPerMonth: number;
  };
  /** What the interval allows: the PUTs of a day in which writes never cease. */
  readonly mostPutsPerDay: number;
}

/**
 * Works out from a list of a timeline what it costs a day. Sizes and times are those of the list; how often something was put
 * before it was merged is estimated by the levels in the names, never more than the interval allows. Pure.
 */
export function storeCost(
  objects: readonly StoredObject[],
  { intervalMs, partBytes, kind }: WritingHabits,
  nowMs: number,
): StoreCost {
  const { fulls, segments, others } = catalogueOf(objects);
  const bytes = objects.reduce((sum, object) => sum + object.bytes, 0);
  const mostCaptured = DAY_MS / intervalMs;
  const cost = { objects: objects.length, bytes, mostPutsPerDay: Math.round(mostCaptured * WITH_MERGING) };
  // From a full snapshot on, by the time in its name: copies have later times than what they hold.
  const base = fulls.findLast(({ name }) => timeOfName(name.time) <= nowMs - WINDOW_MS) ?? fulls[0];
  const spanMs = base === undefined ? 0 : nowMs - timeOfName(base.name.time);
  if (base === undefined || spanMs < SHORTEST_MS) return cost;
  const days = spanMs / DAY_MS;
  const superseded = new Set(supersededOf({ segments }));
  const recent = segments.filter((segment) => segment.name.from > base.name.revision && !superseded.has(segment));
  const newer = fulls.filter(({ name }) => name.revision > base.name.revision);
  const sizes = newer.map(
    ({ name }) => others.find(({ key }) => key.startsWith(`full/${name.time}-${name.id}.`))?.bytes ?? 0,
  );
  const deltaBytes = recent.reduce((sum, segment) => sum + segment.bytes, 0);
  const captured = recent.reduce((sum, { name }) => sum + DEFAULT_MERGE_LIMITS.fanIn ** levelOf(name.id), 0);
  const capturedPerDay = Math.min(captured / days, mostCaptured);
  // Of a full snapshot: its parts with the two requests around them, and its manifest.
  const fullPuts = sizes.reduce((sum, size) => sum + 1 + (size <= partBytes ? 1 : Math.ceil(size / partBytes) + 2), 0);
  const putsPerDay = capturedPerDay * WITH_MERGING + fullPuts / days;
  const getsPerDay = capturedPerDay * WITH_MERGING;
  const listsPerDay = kind === 'local' ? 0 : LISTS_A_DAY;
  const requestsUsd = ((putsPerDay + listsPerDay) * PRICES.puts1000 + getsPerDay * PRICES.gets1000) / 1000;
  const usdPerMonth = kind === 'local' ? 0 : requestsUsd * MONTH_DAYS + (bytes / GIGABYTE) * PRICES.gigabyteMonth;
  return {
    ...cost,
    sinceMs: timeOfName(base.name.time),
    measured: {
      fullsPerDay: newer.length / days,
      fullBytesPerDay: sizes.reduce((sum, size) => sum + size, 0) / days,
      deltaBytesPerDay: deltaBytes / days,
    },
    estimated: { capturedPerDay, putsPerDay, getsPerDay, listsPerDay, usdPerMonth },
  };
}

/** A PUT more for every 32, and another one for every 32 of these; each is read once on its way up. */
const WITH_MERGING = 1 + 1 / (DEFAULT_MERGE_LIMITS.fanIn - 1);
