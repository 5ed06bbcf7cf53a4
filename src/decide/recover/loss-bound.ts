import type { LossBound, RecoveryEvidence, RevisionSighting, StoreReach } from '../../cluster/recovery.ts';
import { formatCount, formatSpan } from '../../cluster/units.ts';

/** What the recovery surely brings back. */
export interface Covered {
  /** Of the seed's log: everything up to it is there. */
  readonly lastIndex?: bigint;
  /** As the seed's database had it when it was copied. */
  readonly revision?: bigint;
  /** The store's chain reaches from the seed, or stands alone. */
  readonly store?: StoreReach;
}

/**
 * A change reaches whoever writes it into a store some time after it was acknowledged: on a busy machine 88 of them were 0.4 s behind what the
 * segment said (measured: `npm run bench -- heal`).
 */
const LATE_MS = 10_000;

/**
 * What may be missing at most, from what the agents have seen. A write that was acknowledged after the last sighting that is
 * covered and before the quorum was lost may be missing; how many these are at most is what was seen, and the highest rate that was
 * seen for the time in which nobody looked.
 * @param lostAtMs until when the cluster may have acknowledged writes, by `lossAtMs`
 */
export function lossBound(evidence: readonly RecoveryEvidence[], covered: Covered, lostAtMs: number): LossBound {
  const sightings = evidence.flatMap((one) => one.sightings).toSorted((a, b) => a.atMs - b.atMs);
  const floor = coveredRevision(sightings, covered);
  const isCovered = ({ revision }: RevisionSighting): boolean => revision <= floor;
  const safeAtMs = largest([
    ...sightings.filter(isCovered).map(({ atMs }) => atMs),
    ...(covered.store === undefined || covered.store.revision > floor ? [] : [covered.store.atMs - LATE_MS]),
  ]);
  const newest = highest([floor, ...sightings.map(({ revision }) => revision)]);
  const seen = newest - floor;
  if (safeAtMs === undefined) {
    return {
      revisions: seen,
      basis: 'no agent remembers what was written before the quorum was lost: how much is missing is not known',
    };
  }
  const seconds = Math.max(0, lostAtMs - safeAtMs) / 1000;
  const lastSeenAtMs = largest(sightings.map(({ atMs }) => atMs)) ?? safeAtMs;
  const unseenSeconds = Math.max(0, lostAtMs - Math.max(lastSeenAtMs, safeAtMs)) / 1000;
  const { writeRate } = covered.store ?? {};
  const perSecond = highestKnown(
    // Of each agent by itself: clocks of machines differ.
    [...evidence.map((one) => highestRate(one.sightings)), ...(writeRate === undefined ? [] : [writeRate])],
    unseenSeconds * 1000,
  );
  if (perSecond === undefined) {
    return {
      revisions: seen,
      basis: `nobody looked for the last ${formatSpan(unseenSeconds)} before the quorum was lost, and nobody had looked for long enough to say how much is written in such a time: how much is missing is not known`,
    };
  }
  const unseen = BigInt(Math.ceil(perSecond * unseenSeconds));
  const known =
    seen === 0n
      ? 'everything that was seen is there'
      : `${formatCount(seen)} revisions were seen that are not surely there`;
  return {
    revisions: seen + unseen,
    seconds,
    basis: `${known}; nobody looked for the last ${formatSpan(unseenSeconds)} before the quorum was lost, and ${formatCount(Math.ceil(perSecond))} revisions a second was the most that was seen`,
  };
}

/**
 * Until when the cluster may have acknowledged writes: each takes a majority of the voters, and whoever was not heard may have
 * been one of it until now.
 */
export function lossAtMs(
  heard: readonly Pick<RecoveryEvidence, 'quorumLostAtMs'>[],
  quorum: number,
  voters: number,
  nowMs: number,
): number {
  const needed = quorum - (voters - heard.length);
  if (needed <= 0) return nowMs;
  const ends = heard.map(({ quorumLostAtMs = nowMs }) => quorumLostAtMs).toSorted((a, b) => b - a);
  return ends[needed - 1] ?? nowMs;
}

function coveredRevision(sightings: readonly RevisionSighting[], { lastIndex, revision, store }: Covered): bigint {
  const inLog = sightings
    .filter(({ raftIndex }) => lastIndex !== undefined && raftIndex !== undefined && raftIndex <= lastIndex)
    .map((one) => one.revision);
  return highest([...inLog, revision ?? 0n, store?.revision ?? 0n]);
}

/** Who has looked for so long knows how busy the cluster is. */
const LONG_ENOUGH_MS = 60_000;

/**
 * The highest rate; undefined where nobody had looked for as long as nobody looked then, or for a minute: what was seen in the
 * quiet seconds before a load says nothing of the load.
 */
function highestKnown(
  rates: readonly { readonly perSecond: number; readonly overMs: number }[],
  unseenMs: number,
): number | undefined {
  const isKnown = rates.some(({ overMs }) => overMs >= Math.min(unseenMs, LONG_ENOUGH_MS));
  return isKnown ? Math.max(...rates.map(({ perSecond }) => perSecond)) : undefined;
}

/** Revisions a second between two sightings at least a second apart. */
function highestRate(sightings: readonly RevisionSighting[]): { readonly perSecond: number; readonly overMs: number } {
  let highest = 0;
  let [before] = sightings;
  const overMs = (sightings.at(-1)?.atMs ?? 0) - (before?.atMs ?? 0);
  for (const sighting of sightings) {
    if (before === undefined || sighting.atMs - before.atMs < 1000) continue;
    const grown = Number(sighting.revision - before.revision);
    highest = Math.max(highest, (grown * 1000) / (sighting.atMs - before.atMs));
    before = sighting;
  }
  return { perSecond: highest, overMs };
}

function largest(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.max(...values);
}

function highest(values: readonly bigint[]): bigint {
  let most = 0n;
  for (const value of values) if (value > most) most = value;
  return most;
}
