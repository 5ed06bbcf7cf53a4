import { HISTORY_SAMPLES, HISTORY_SECONDS } from './history-recorder.ts';
import { type HistoryReply, type HistorySample, type SeriesName, seriesNames } from './words.ts';

/** So many steps without a sample: some were missed. */
const MISSED_STEPS = 6;

/**
 * A history with one sample more at its end, and without what is older than an hour. Undefined where the sample does not follow: it is not newer,
 * as after a clock was set, or others between were missed; then the history is to be had anew. The same where it is its last one already.
 */
export function withSample(history: HistoryReply, sample: HistorySample): HistoryReply | undefined {
  const last = history.times.at(-1);
  if (last === sample.time) return history;
  const missed = Math.max(30, MISSED_STEPS * history.stepSeconds);
  if (last !== undefined && (sample.time < last || sample.time - last > missed)) return undefined;
  const from = sample.time - HISTORY_SECONDS;
  const tooOld = history.times.findIndex((time) => time >= from);
  const drop = Math.max(tooOld === -1 ? history.times.length : tooOld, history.times.length + 1 - HISTORY_SAMPLES, 0);
  const times = [...history.times.slice(drop), sample.time];
  const follow = (values: readonly (number | null)[] | undefined, value: number | null | undefined) =>
    values === undefined
      ? times.map((_, index) => (index === times.length - 1 ? (value ?? null) : null))
      : [...values.slice(drop), value ?? null];
  const [known, newest] = [new Map(Object.entries(history.rttSeconds)), new Map(Object.entries(sample.rttSeconds))];
  const peers = new Set([...known.keys(), ...newest.keys()]);
  const rtts = [...peers].map((peer) => [peer, follow(known.get(peer), newest.get(peer))] as const);
  const series = seriesNames.map((name) => [name, follow(history.series[name], sample.series[name])]);
  return {
    ...history,
    times,
    series: Object.fromEntries(series) as Record<SeriesName, readonly (number | null)[]>,
    rttSeconds: Object.fromEntries(rtts.filter(([, values]) => values.some((value) => value !== null))),
  };
}
