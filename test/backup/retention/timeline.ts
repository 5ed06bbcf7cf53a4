import { deltaKey, manifestKey, parseName, snapshotKey, timeName } from '../../../src/backup/names.ts';
import type { ChainMarks } from '../../../src/backup/retention/marks.ts';
import type { RetentionPlan } from '../../../src/backup/retention/plan.ts';
import type { RetentionPolicy } from '../../../src/backup/retention/policy.ts';
import type { StoredObject } from '../../../src/backup/store/store.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** A Thursday, at noon. */
export const NOW_MS = Date.UTC(2026, 0, 15, 12);

export const NO_MARKS: ChainMarks = { held: new Set(), verified: new Set(), broken: new Set() };
/** Keeps nothing but what is protected. */
export const NOTHING: RetentionPolicy = { keepAllMs: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0 };

/** Marks of some chains. */
export function marks(
  verified: readonly string[],
  held: readonly string[] = [],
  broken: readonly string[] = [],
): ChainMarks {
  return { verified: new Set(verified), held: new Set(held), broken: new Set(broken) };
}

/** The objects of a full snapshot: its manifest and itself. */
export function full(id: string, revision: number, timeMs: number, bytes = 100): StoredObject[] {
  const name = { time: timeName(timeMs), id };
  return [
    { key: manifestKey({ kind: 'full', revision: BigInt(revision), ...name }), bytes: 1, modifiedAtMs: timeMs + 1000 },
    { key: snapshotKey(name, false), bytes, modifiedAtMs: timeMs + 500 },
  ];
}

/** A delta segment. */
export function segment(from: number, to: number, timeMs: number, bytes = 10): StoredObject {
  const name = { kind: 'delta', from: BigInt(from), to: BigInt(to), epoch: 1n, id: 's' } as const;
  return { key: deltaKey(name, false), bytes, modifiedAtMs: timeMs };
}

/** A chain an hour, the first one at revision 100 and each 100 further, with two segments between; the newest is at `NOW_MS`. */
export function hourly(count: number): StoredObject[] {
  return Array.from({ length: count }, (_, i) => {
    const timeMs = NOW_MS - (count - 1 - i) * HOUR_MS;
    const revision = 100 * (i + 1);
    return [
      ...full(`c${i}`, revision, timeMs),
      segment(revision + 1, revision + 50, timeMs + HOUR_MS / 3),
      segment(revision + 51, revision + 100, timeMs + HOUR_MS / 2),
    ];
  }).flat();
}

/** Ids of the full snapshots that stay. */
export function kept({ objects }: RetentionPlan): string[] {
  return objects.flatMap(({ key, keep }) => {
    const name = parseName(key);
    return keep && name?.kind === 'full' ? [name.id] : [];
  });
}
