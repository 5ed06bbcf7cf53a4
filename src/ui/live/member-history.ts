import type { AsJson } from '../../expose/as-json.ts';
import { type HistoryReply, type HistorySample, type SeriesName, seriesNames } from '../../expose/live/words.ts';

/** How far back the charts go. */
export const shownSeconds = 3600;

/** The last hour of one member; infinity counts as not known. */
export interface MemberHistory {
  readonly member: string;
  readonly stepSeconds: number;
  /** Seconds since 1970, ascending. */
  readonly times: readonly number[];
  /** Each as long as `times`. */
  readonly series: Readonly<Record<SeriesName, readonly (number | null)[]>>;
  /** By name of the peer, each as long as `times`. */
  readonly rttSeconds: Readonly<Record<string, readonly (number | null)[]>>;
}

/** Pure: the histories as the part of the stream has them. */
export function withHistories(replies: AsJson<readonly HistoryReply[]>): readonly MemberHistory[] {
  return replies.map(({ member, stepSeconds, times, series, rttSeconds }) => ({
    member,
    stepSeconds: Number(stepSeconds),
    times: times.map(Number),
    series: bySeries((name) => series[name].map(known)),
    rttSeconds: Object.fromEntries(Object.entries(rttSeconds).map(([peer, values]) => [peer, values.map(known)])),
  }));
}

/** Pure: the histories with a sample at the end of its member's, and without what is older than an hour. One that is no news is left out. */
export function withSample(
  histories: readonly MemberHistory[],
  { member, time, series, rttSeconds }: AsJson<HistorySample>,
): readonly MemberHistory[] {
  const at = Number(time);
  const old = histories.find((history) => history.member === member) ?? emptyHistory(member);
  if (at <= (old.times.at(-1) ?? Number.NEGATIVE_INFINITY)) return histories;
  const from = old.times.findIndex((each) => each > at - shownSeconds);
  const kept = from === -1 ? old.times.length : from;
  const grown: MemberHistory = {
    ...old,
    times: [...old.times.slice(kept), at],
    series: bySeries((name) => [...old.series[name].slice(kept), known(series[name])]),
    rttSeconds: grownRtt(old, rttSeconds, kept),
  };
  return histories.some((history) => history.member === member)
    ? histories.map((history) => (history.member === member ? grown : history))
    : [...histories, grown];
}

/** The newest time in any of them: what is much older is of an agent that has fallen silent. Pure. */
export function newestTimeOf(histories: readonly MemberHistory[]): number {
  return Math.max(0, ...histories.map(({ times }) => times.at(-1) ?? 0));
}

/** The newest value that is known, if it is not older than a few samples. @param last as `newestTimeOf` tells it */
export function newestOf(
  { times, series, stepSeconds }: MemberHistory,
  name: SeriesName,
  last: number,
): number | undefined {
  const values = series[name];
  for (let index = values.length - 1; index >= 0; index -= 1) {
    const [value, at] = [values[index], times[index]];
    if (at === undefined || at < last - 6 * stepSeconds) return undefined;
    if (value !== null && value !== undefined) return value;
  }
  return undefined;
}

function emptyHistory(member: string): MemberHistory {
  return { member, stepSeconds: 5, times: [], series: bySeries(() => []), rttSeconds: {} };
}

/** A peer that is new was not known before; one that is gone stays as long as something of it is left. */
function grownRtt(
  { times, rttSeconds: before }: MemberHistory,
  sample: AsJson<HistorySample>['rttSeconds'],
  kept: number,
): MemberHistory['rttSeconds'] {
  const peers = new Set([...Object.keys(before), ...Object.keys(sample)]);
  const unknown = times.map(() => null);
  const grown = [...peers].map((peer): readonly [string, readonly (number | null)[]] => [
    peer,
    [...(before[peer] ?? unknown).slice(kept), known(sample[peer] ?? null)],
  ]);
  return Object.fromEntries(grown.filter(([, values]) => values.some((value) => value !== null)));
}

function bySeries<T>(of: (name: SeriesName) => T): Readonly<Record<SeriesName, T>> {
  return Object.fromEntries(seriesNames.map((name) => [name, of(name)])) as Record<SeriesName, T>;
}

function known(value: number | '+Inf' | null): number | null {
  return typeof value === 'number' ? value : null;
}
