import type { AsJson } from '../../expose/as-json.ts';
import type { BackupPoints } from '../../expose/live/words.ts';
import { agoText, fullTimeText, spanBetween } from '../words/time-words.ts';
import type { RestorePoint } from './restore-command.ts';

type Points = AsJson<BackupPoints>;

/** From the first point that can be restored to the last one, ms since 1970. */
export interface Bounds {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Pure: undefined where there is nothing in the store. */
export function boundsOf({ fulls, stretches }: Points): Bounds | undefined {
  const times = [
    ...fulls.map(({ at }) => Date.parse(at)),
    ...stretches.flatMap(({ from, to }) => [Date.parse(from), Date.parse(to)]),
  ];
  return times.length === 0 ? undefined : { fromMs: Math.min(...times), toMs: Math.max(...times) };
}

/** Where a time lies between the bounds, in percent. Pure. */
export function placeOf(atMs: number, { fromMs, toMs }: Bounds): number {
  return toMs <= fromMs ? 100 : Math.min(1, Math.max(0, (atMs - fromMs) / (toMs - fromMs))) * 100;
}

/** Pure: sentences that say what a restore to that point gives, and what lies before and after it. */
export function aboutPoint(points: Points, point: RestorePoint, bounds: Bounds, nowMs: number): readonly string[] {
  if (point.kind === 'revision') return aboutRevision(points, point.revision);
  const atMs = point.kind === 'latest' ? bounds.toMs : point.atMs;
  const stretch = points.stretches.find(({ from, to }) => Date.parse(from) <= atMs && atMs <= Date.parse(to));
  const before = points.fulls.filter(({ at }) => Date.parse(at) <= atMs).at(-1);
  const after = points.stretches.find(({ from }) => Date.parse(from) > atMs);
  const lost = `Everything that was written after ${fullTimeText(atMs)}, ${agoText(atMs, nowMs)}, would not be in it.`;
  const base =
    before === undefined
      ? 'There is no full snapshot before it.'
      : `The full snapshot of revision ${before.revision} is ${spanBetween(Date.parse(before.at), atMs)} older.`;
  if (stretch !== undefined) {
    return [
      `Within an unbroken stretch, revisions ${stretch.fromRevision} to ${stretch.toRevision}: every moment of it can be restored.`,
      base,
      lost,
    ];
  }
  const next =
    after === undefined
      ? 'Nothing comes after it.'
      : `The next stretch begins at ${fullTimeText(Date.parse(after.from))}.`;
  return ['In a gap: nothing says what was written then, so this very moment cannot be restored.', base, next];
}

function aboutRevision({ fulls, stretches }: Points, text: string): readonly string[] {
  if (!/^\d{1,19}$/.test(text)) return ['A revision is a whole number.'];
  const revision = BigInt(text);
  const stretch = stretches.find(
    ({ fromRevision, toRevision }) => BigInt(fromRevision) <= revision && revision <= BigInt(toRevision),
  );
  if (stretch !== undefined) {
    return [
      `Within an unbroken stretch, revisions ${stretch.fromRevision} to ${stretch.toRevision}, from ${fullTimeText(Date.parse(stretch.from))} to ${fullTimeText(Date.parse(stretch.to))}.`,
    ];
  }
  return fulls.some((full) => full.revision === text)
    ? ['It is that of a full snapshot.']
    : ['This revision is not in the store.'];
}
